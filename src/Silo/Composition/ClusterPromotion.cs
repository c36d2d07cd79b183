using System.Globalization;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Cluster.Database;

namespace LatentDb.Silo.Composition;

/// <summary>
/// <c>cluster promote --silo NAME --shard NUMBER|all [--cluster-database CONNECTION]</c>: when all silos whose copies counted are gone for good, one silo's
/// copy becomes the truth, and what it lacks is lost.
/// </summary>
internal static class ClusterPromotion
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <exception cref="LatentDbException">configuration_invalid, store_unavailable.</exception>
    public static async Task<int> RunAsync(string[] arguments)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(arguments).Build();
        string? connection = configuration["cluster-database"] ?? configuration[$"LatentDb:{nameof(SiloOptions.ClusterDatabase)}"];
        if (string.IsNullOrEmpty(connection)) throw Invalid("--cluster-database, or LATENTDB__CLUSTERDATABASE in the environment");
        if (configuration["silo"] is not { Length: > 0 } silo) throw Invalid("--silo, the name of the silo whose copy becomes the truth");
        int? shard = configuration["shard"] switch
        {
            "all" => null,
            { } text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) => number,
            _ => throw Invalid("--shard, a number or all"),
        };
        var database = new ClusterDatabase(connection);
        await using (database.ConfigureAwait(false))
        {
            List<int> promoted = await PostgresCopySets.PromoteAsync(database, shard, silo, Limit).ConfigureAwait(false);
            string shards = promoted.Count == 0 ? "none" : string.Join(", ", promoted.Order());
            await Console.Out.WriteLineAsync($"Shards whose copy at {silo} counts alone from now on: {shards}. What was acknowledged and is not in it is lost. Shards that are leased, or whose set names {silo}, were left.").ConfigureAwait(false);
            return promoted.Count > 0 ? 0 : 1;
        }
    }

    private static LatentDbException Invalid(string what) => new(ErrorCode.ConfigurationInvalid, $"The promotion needs {what}.");
}
