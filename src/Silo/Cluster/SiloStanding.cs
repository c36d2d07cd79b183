using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Hosting;

namespace LatentDb.Silo.Cluster;

/// <summary>Whether this silo can do what its roles are, as far as store and cluster go: for readiness.</summary>
internal sealed class SiloStanding(SiloOptions options, MemoryStoreService store, IServiceProvider services)
{
    /// <summary>True when the model is this silo's own business.</summary>
    public bool HasModel { get; } = !options.Maintenance && ClusterSettings.Has(options, SiloRoles.Model);

    /// <summary>
    /// ready; closed before the start; read_only when writes have failed; joining while this silo has no view of the cluster, or has not yet tried to open
    /// the shards that it should have.
    /// </summary>
    public string Store()
    {
        if (options.IsClustered() && services.GetRequiredService<IClusterView>().Current.Number == 0) return "joining";
        if (!ClusterSettings.Has(options, SiloRoles.Store)) return "ready";
        if (!store.IsOpen) return "closed";
        if (services.GetService<ShardKeeper>() is { HasSettled: false }) return "joining";
        return store.Failure is null ? "ready" : "read_only";
    }
}
