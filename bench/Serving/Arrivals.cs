namespace LatentDb.Serving;

/// <summary>
/// Poisson arrivals: they come whether or not the earlier ones are answered, as users do. A closed loop of waiting clients would slow down with the server
/// and hide what it does to those who come next.
/// </summary>
internal static class Arrivals
{
    public static Arrival[] Draw(Settings settings, double rate)
    {
        var random = new Random(settings.Seed);
        List<Arrival> arrivals = [];
        for (double at = Gap(random, rate); at < settings.Seconds; at += Gap(random, rate))
        {
            int tenant = DrawTenant(random, settings);
            int memory = tenant + (settings.Tenants * random.Next(MemoriesOf(tenant, settings)));
            arrivals.Add(new Arrival(at, memory, random.NextDouble() < settings.Injects));
        }

        return [.. arrivals];
    }

    private static double Gap(Random random, double rate) => -Math.Log(1 - random.NextDouble()) / rate;

    private static int DrawTenant(Random random, Settings settings)
    {
        double at = random.NextDouble() * (settings.Heavy + settings.Tenants - 1);
        return at < settings.Heavy ? 0 : Math.Min(settings.Tenants - 1, 1 + (int)(at - settings.Heavy));
    }

    private static int MemoriesOf(int tenant, Settings settings) => (settings.Memories - tenant + settings.Tenants - 1) / settings.Tenants;
}
