using LatentDb.Store;

namespace LatentDb.Serving;

/// <summary>End-to-end loads: <c>dotnet run -c Release --project bench/Serving -- load --model artifacts/random-100m --rates 1,2,4</c>.</summary>
internal static class Program
{
    private const string Usage = """
        Usage: serving load | streams | beside, with
          load               Poisson arrivals of questions and injects at each of the rates
          streams            one answer, then 2, 4, 8 and 16 at once
          beside             four answers alone, then beside a long inject
          --model FOLDER     a checkpoint (models/small); one of training/random_checkpoint.py answers at full length
          --server URL       a running server instead of the model host of this process
          --keys K,K         its API keys, one a tenant (none: the default tenant)
          --memories N --tenants N --heavy X                  16 memories of 4 tenants, the first coming X times as often (1)
          --rates R,R --seconds S --injects SHARE --seed N    requests a second (1,2,4), for 20 s each, 0.2 of them injects
          --prompt-tokens N --inject-tokens N --max-tokens N  32, 512, 32
          --first-token-ms X --token-ms X                     what counts as goodput: 1000, 100
          --max-active N --resident-mb N --weights TYPE       of the host in this process: 16, 8192, auto (f32, bf16, int8)
          --out FILE                                          the report in Markdown
        """;

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not ["load" or "streams" or "beside", ..] || Settings.Parse(arguments.AsSpan(1)) is not { } settings || settings.Memories < settings.Tenants)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        await using IServed served = settings.Server is { } address ? await RemoteServer.ConnectAsync(settings, address) : await LocalHost.LoadAsync(settings);
        var report = new LoadReport();
        report.Write($"{served.Name}; {Machine.Description}");
        report.Write($"");
        await RunAsync(arguments[0], served, settings, report);
        if (settings.Out is { } file) await report.SaveAsync(file);
        return 0;
    }

    private static async Task RunAsync(string verb, IServed served, Settings settings, LoadReport report)
    {
        var streams = new Streams(served, settings, report);
        if (verb == "streams") await streams.CompareAsync();
        if (verb == "beside") await streams.InterfereAsync();
        if (verb != "load") return;
        await new OpenLoop(served, settings with { Seconds = 1 }).RunAsync([new Arrival(0, 0, true), new Arrival(0, 0, false)]); // code and caches get warm
        foreach (double rate in settings.Rates)
        {
            (RequestResult[] results, double seconds) = await new OpenLoop(served, settings).RunAsync(Arrivals.Draw(settings, rate));
            report.Write(settings, rate, results, seconds);
        }
    }
}
