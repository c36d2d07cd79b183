namespace LatentDb.Store;

/// <summary>Measurements of the store: <c>dotnet run -c Release --project bench/Store -- rollback-cost | commits | restarts</c>.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        string folder = Directory.CreateTempSubdirectory("latentdb-bench-").FullName;
        try
        {
            switch (arguments.FirstOrDefault())
            {
                case "rollback-cost": await RollbackCost.RunAsync(folder, rounds: Count(arguments, 200)); return 0;
                case "commits": await CommitThroughput.RunAsync(folder, seconds: Count(arguments, 5)); return 0;
                case "restarts": await Restarts.RunAsync(folder, Count(arguments, 1000)); return 0;
                default:
                    await Console.Error.WriteLineAsync("Usage: rollback-cost [rounds] | commits [seconds] | restarts [count]");
                    return 2;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Count(string[] arguments, int otherwise) =>
        arguments.Length > 1 ? int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture) : otherwise;
}
