using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Hosting;
using LatentDb.Silo.Security.Access;

namespace LatentDb.Silo.Cluster.Database;

/// <summary>Registration of what a silo of a cluster needs of the database.</summary>
internal static class ClusterDatabaseRegistration
{
    /// <summary>
    /// Adds <see cref="ClusterMembership"/>, <see cref="IClusterView"/>, <see cref="IShardLeases"/> and, for a store silo, the <see cref="ShardKeeper"/>. Call it before the
    /// services that need a view: it starts before them and leaves the cluster after them.
    /// </summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">configuration_invalid.</exception>
    public static IServiceCollection AddClusterDatabase(this IServiceCollection services, ClusterDatabaseOptions options)
    {
        options.Check();
        services.AddSingleton(options);
        services.AddSingleton<SiloIncarnation>();
        services.AddSingleton(_ => new ClusterDatabase(options.ConnectionString));
        services.AddSingleton<ClusterMembership>();
        services.AddSingleton<ClusterWatch>();
        services.AddSingleton<IClusterView>(provider => provider.GetRequiredService<ClusterWatch>());
        services.AddSingleton<IShardLeases, PostgresShardLeases>();
        services.AddSingleton<ICopySets, PostgresCopySets>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ClusterMembership>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ClusterWatch>());
        if (options.HasAccess) services.AddSingleton<IAccessStore, AccessTable>();
        if (options.Roles.HasFlag(SiloRoles.Store)) services.AddShardKeeper(options.Shards);
        return services;
    }
}
