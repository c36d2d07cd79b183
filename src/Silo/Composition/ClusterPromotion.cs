using System.Globalization;
using LatentDb.MemoryStore;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Cluster.Database;

namespace LatentDb.Silo.Composition;

/// <summary>
/// <c>cluster promote --silo NAME --shard NUMBER|all [--restored true [--shards COUNT]] [--cluster-database CONNECTION]</c>: when all silos whose copies counted
/// are gone for good, one silo's copy becomes the truth, and what it lacks is lost. With <c>--restored</c> the database does not know that copy: the folder was
/// made of backups, or the database is new.
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
        int? shards = configuration["shards"] switch
        {
            null => null,
            { } text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is > 0 and <= StoreLimits.MaxShards => count,
            _ => throw Invalid($"after --shards the number of shards, 1 to {StoreLimits.MaxShards}"),
        };
        if (shard >= (shards ?? StoreLimits.MaxShards)) throw Invalid($"a shard below {shards ?? StoreLimits.MaxShards}");
        bool isRestored = configuration["restored"] switch
        {
            null or "false" => false,
            "true" => true,
            _ => throw Invalid("true or false after --restored"),
        };
        var database = new ClusterDatabase(connection);
        await using (database.ConfigureAwait(false))
        {
            List<int> promoted = isRestored
                ? await PostgresCopySets.RestoredAsync(database, shard, shards, silo, Limit).ConfigureAwait(false)
                : await PostgresCopySets.PromoteAsync(database, shard, silo, Limit).ConfigureAwait(false);
            string named = promoted.Count == 0 ? "none" : string.Join(", ", promoted.Order());
            string left = isRestored ? "leased" : $"leased, or whose set names {silo},";
            await Console.Out.WriteLineAsync($"Shards that count at {silo} alone from now on: {named}. What was acknowledged and is not there is lost. Shards that are {left} were left.").ConfigureAwait(false);
            return promoted.Count > 0 ? 0 : 1;
        }
    }

    private static LatentDbException Invalid(string what) => new(ErrorCode.ConfigurationInvalid, $"The promotion needs {what}.");
}
