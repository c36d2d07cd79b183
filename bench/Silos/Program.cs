using System.Globalization;
using LatentDb.Store;
using LatentDb.Testing;

namespace LatentDb.Silos;

/// <summary>What more silos give when each has a fixed share of a core: <c>dotnet run -c Release --project bench/Silos -- stores</c>.</summary>
internal static class Program
{
    private const string Usage = """
        Usage: silos stores | models | whole, with
          stores              silos that own shards are compared, behind one that answers and computes
          models              silos that compute are compared, behind one that answers and owns
          whole               silos that do everything are compared, and asked in turns
          --silos N           against one: 3
          --share CORES       of one core for each of them: 0.08 (control groups: Linux, as root)
          --rounds N --seconds S    5 rounds of 6 s with each number of silos, in turns
          --memories N        of each of the 24 shards, each written by one caller: 2
          --work inject|query --sentences N     what is asked, and how long an inject is: 1
        """;

    /// <summary>Calls of each memory before anything is limited, so that code is compiled.</summary>
    private const double WarmSeconds = 6;

    public static async Task<int> Main(string[] arguments)
    {
        if (Settings.Parse(arguments) is not { } settings || PostgresServer.Programs is null)
        {
            await Console.Error.WriteLineAsync(PostgresServer.Programs is null ? "PostgreSQL's server programs are not there (Debian: the package postgresql)." : Usage);
            return 2;
        }

        await using PostgresServer database = await PostgresServer.StartAsync();
        await using ServedCluster few = await ServedCluster.StartAsync(settings, 1, database);
        await using ServedCluster many = await ServedCluster.StartAsync(settings, settings.Count, database);
        using Load one = new(few, settings), more = new(many, settings);
        foreach ((ServedCluster cluster, Load load) in ((ServedCluster, Load)[])[(few, one), (many, more)])
        {
            await load.CreateMemoriesAsync();
            await load.RunAsync(WarmSeconds);
            cluster.Limit();
        }

        Console.WriteLine(Machine.Description);
        await TellIdleAsync(settings, few, many);
        await CompareAsync(settings, one, more);
        return 0;
    }

    /// <summary>What the silos take without work is not there for it: this, and nothing else, is what must keep the ratio below their number.</summary>
    private static async Task TellIdleAsync(Settings settings, ServedCluster few, ServedCluster many)
    {
        const double Seconds = 5;
        await Task.Delay(TimeSpan.FromSeconds(Seconds)); // The compilation that the load has set off comes to its end.
        double[] before = [few.Used().Counted.TotalSeconds, many.Used().Counted.TotalSeconds];
        await Task.Delay(TimeSpan.FromSeconds(Seconds));
        double one = (few.Used().Counted.TotalSeconds - before[0]) / Seconds;
        double more = (many.Used().Counted.TotalSeconds - before[1]) / Seconds;
        double floor = ((settings.Count * settings.Share) - more) / (settings.Share - one);
        Say($"idle: 1 silo takes {one:F3} cores, {settings.Count} take {more:F3}; at most {floor:F2} times as much is left for work");
    }

    private static async Task CompareAsync(Settings settings, Load one, Load more)
    {
        Sample few = new(), many = new(), ratios = new(), fewCost = new(), manyCost = new(), fewUse = new(), manyUse = new();
        Say($"| round | 1 silo, a second | cores, front | {settings.Count} silos, a second | cores, front | ratio |");
        Say($"|---|---|---|---|---|---|");
        for (int round = 1; round <= settings.Rounds; round++)
        {
            Load.Measured first = await one.RunAsync(settings.Seconds);
            Load.Measured second = await more.RunAsync(settings.Seconds);
            few.Add(first.PerSecond);
            many.Add(second.PerSecond);
            ratios.Add(second.PerSecond / first.PerSecond);
            fewCost.Add(first.Counted / first.PerSecond);
            manyCost.Add(second.Counted / second.PerSecond);
            fewUse.Add(first.Counted / settings.Share);
            manyUse.Add(second.Counted / (settings.Share * settings.Count));
            Say($"| {round} | {first.PerSecond:F1} | {first.Counted:F3}, {first.Front:F3} | {second.PerSecond:F1} | {second.Counted:F3}, {second.Front:F3} | {second.PerSecond / first.PerSecond:F2} |");
        }

        Say($"medians: {few.Median:F1} and {many.Median:F1} a second, ratio {many.Median / few.Median:F2}, of rounds {ratios.Median:F2}; load {Machine.Load()}");
        Say($"a request takes {fewCost.Median * 1000:F2} ms of a silo's processor with 1, {manyCost.Median * 1000:F2} ms of all with {settings.Count}; {fewUse.Median:P0} and {manyUse.Median:P0} of the shares were used");
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
