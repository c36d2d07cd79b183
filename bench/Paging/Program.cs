using System.Globalization;

namespace LatentDb.Paging;

/// <summary>Measurements of the pager, one command a figure: <c>dotnet run -c Release --project bench/Paging -- cold</c>.</summary>
internal static class Program
{
    private static readonly Dictionary<string, Verb> Verbs = new(StringComparer.Ordinal)
    {
        ["cold"] = new(9, "rounds", ColdPin.RunAsync),
        ["zipf"] = new(2000, "accesses", ZipfAccess.RunAsync),
    };

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments.Length is 0 or > 2 || !Verbs.TryGetValue(arguments[0], out Verb? verb))
        {
            await Console.Error.WriteLineAsync($"Usage: one of\n{string.Join('\n', Verbs.Select(v => $"  {v.Key} [{v.Value.Argument} = {v.Value.Otherwise}]"))}");
            return 2;
        }

        string folder = Directory.CreateTempSubdirectory("latentdb-paging-").FullName;
        try
        {
            await verb.RunAsync(folder, arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : verb.Otherwise);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed record Verb(int Otherwise, string Argument, Func<string, int, Task> RunAsync);
}
