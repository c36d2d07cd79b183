using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Cluster.Database;

namespace LatentDb.Silo.Composition;

/// <summary><c>cluster migrate [--cluster-database CONNECTION]</c>: makes the cluster's tables or brings them up to date, and ends.</summary>
internal static class ClusterMigration
{
    /// <exception cref="LatentDbException">configuration_invalid, store_unavailable, unsupported_format.</exception>
    public static async Task<int> RunAsync(string[] arguments)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        string? connection = arguments is ["--cluster-database", { } given] ? given : configuration[$"LatentDb:{nameof(SiloOptions.ClusterDatabase)}"];
        if (string.IsNullOrEmpty(connection)) throw new LatentDbException(ErrorCode.ConfigurationInvalid, "The migration needs --cluster-database, or LATENTDB__CLUSTERDATABASE in the environment.");
        var database = new ClusterDatabase(connection);
        await using (database.ConfigureAwait(false))
        {
            int steps = await ClusterSchema.MigrateAsync(database, GrainTransport.Tables, CancellationToken.None).ConfigureAwait(false);
            await Console.Out.WriteLineAsync($"The cluster's tables are up to date; {steps} steps were made.").ConfigureAwait(false);
            return 0;
        }
    }
}
