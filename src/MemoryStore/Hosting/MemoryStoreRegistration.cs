using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Replication.Followers;
using LatentDb.MemoryStore.Timeline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LatentDb.MemoryStore.Hosting;

/// <summary>Registration of the store.</summary>
public static class MemoryStoreRegistration
{
    /// <summary>
    /// Adds <see cref="MemoryCatalog"/>, its exporter and its importer, opened at start and closed at stop. The options are validated before anything is opened. Needs logging.
    /// </summary>
    /// <param name="services">Where to.</param>
    /// <param name="configure">Sets the options.</param>
    /// <param name="opens">False: a process without a store of its own, whose catalogue stays closed.</param>
    public static IServiceCollection AddMemoryStore(this IServiceCollection services, Action<MemoryStoreOptions> configure, bool opens = true)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<MemoryStoreOptions>().Configure(configure).Configure(options => options.Opens = opens);
        services.AddSingleton<IValidateOptions<MemoryStoreOptions>, MemoryStoreOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<MemoryStoreService>();
        if (opens) services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<MemoryStoreService>());
        if (opens) services.AddHostedService<BackupService>();
        services.AddSingleton(provider => provider.GetRequiredService<MemoryStoreService>().Catalog);
        services.AddSingleton(provider => provider.GetRequiredService<MemoryStoreService>().Exporter);
        services.AddSingleton(provider => provider.GetRequiredService<MemoryStoreService>().Importer);
        services.AddSingleton(provider => provider.GetRequiredService<MemoryStoreService>().Compactor);
        services.AddSingleton(provider => provider.GetRequiredService<MemoryStoreService>().Scrubber);
        services.AddSingleton(provider => provider.GetRequiredService<MemoryStoreService>().Inspector);
        services.AddSingleton(provider => provider.GetRequiredService<MemoryStoreService>().Keys);
        return services;
    }

    /// <summary>Copies shards between silos that have a folder each. Needs links, a view of the cluster and sets of copies.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="options">How.</param>
    /// <param name="data">The data folder of this silo alone.</param>
    /// <param name="shards">Shards of the cluster.</param>
    public static IServiceCollection AddReplication(this IServiceCollection services, ReplicationOptions options, string data, int shards)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton(provider => new ReplicationHost(
            options,
            data,
            shards,
            provider.GetRequiredService<IClusterView>(),
            provider.GetRequiredService<ISiloLinks>(),
            provider.GetRequiredService<ICopySets>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ReplicationHost>>()));
        services.AddSingleton<ILinkService, ReplicationService>();
        return services;
    }

    /// <summary>Adds the <see cref="ShardKeeper"/> of a store whose folder is shared. Needs <see cref="AddMemoryStore"/>, leases and a view of the cluster.</summary>
    public static IServiceCollection AddShardKeeper(this IServiceCollection services, int shards)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton(new ShardKeeperOptions { Shards = shards });
        services.AddSingleton<ShardKeeper>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ShardKeeper>());
        return services;
    }
}
