using System.Globalization;

namespace LatentDb.Store;

/// <summary>Measurements of the store, one command a figure: <c>dotnet run -c Release --project bench/Store -- append</c>.</summary>
internal static class Program
{
    private static readonly Dictionary<string, Verb> Verbs = new(StringComparer.Ordinal)
    {
        ["append"] = new(512, "megabytes a round", DurableAppend.RunAsync),
        ["page-in"] = new(15, "rounds", ColdPageIn.RunAsync),
        ["verbs"] = new(200, "rounds", VerbCost.RunAsync),
        ["group-commit"] = new(5, "seconds", GroupCommits.RunAsync),
        ["open"] = new(1_000_000, "memories", OpenAfterCrash.RunAsync),
        ["old-versions"] = new(10_000, "versions back", OldVersions.RunAsync),
        ["tenants"] = new(10, "seconds", TenantLatency.RunAsync),
        ["commits"] = new(5, "seconds", CommitThroughput.RunAsync),
        ["restarts"] = new(1000, "openings", Restarts.RunAsync),
    };

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is [OpenAfterCrash.BuildVerb or OpenAfterCrash.MeasureVerb, string memories, string shared]) return await RunChildAsync(arguments[0], shared, Count(memories));
        if (arguments.Length is 0 or > 2 || !Verbs.TryGetValue(arguments[0], out Verb? verb))
        {
            await Console.Error.WriteLineAsync($"Usage: one of\n{string.Join('\n', Verbs.Select(v => $"  {v.Key} [{v.Value.Argument} = {v.Value.Otherwise}]"))}");
            return 2;
        }

        string folder = Directory.CreateTempSubdirectory("latentdb-bench-").FullName;
        try
        {
            await verb.RunAsync(folder, arguments.Length > 1 ? Count(arguments[1]) : verb.Otherwise);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> RunChildAsync(string verb, string folder, int memories)
    {
        await (verb == OpenAfterCrash.BuildVerb ? OpenAfterCrash.BuildAsync(folder, memories) : OpenAfterCrash.MeasureAsync(folder, memories));
        return 0;
    }

    private static int Count(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private sealed record Verb(int Otherwise, string Argument, Func<string, int, Task> RunAsync);
}
