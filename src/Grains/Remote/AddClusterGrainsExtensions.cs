using LatentDb.Grains.Contracts;
using LatentDb.Grains.Hosting;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Timeline;
using Microsoft.Extensions.DependencyInjection;

namespace LatentDb.Grains.Remote;

/// <summary>Registers the grains of a cluster. Needs <see cref="IClusterView"/>, <see cref="ISiloLinks"/> and logging.</summary>
public static class AddClusterGrainsExtensions
{
    /// <summary>For a silo that owns shards, after <see cref="AddGrainsExtensions.AddGrains"/>: other silos may call its grains.</summary>
    public static IServiceCollection AddGrainService(this IServiceCollection services)
    {
        services.AddSingleton(provider => new LocalGrains(provider.GetRequiredService<EmbeddedGrainHost>(), provider.GetRequiredService<MemoryCatalog>()));
        services.AddSingleton<IShardUsers>(provider => new ShardTurns(provider.GetRequiredService<EmbeddedGrainHost>(), provider.GetRequiredService<MemoryCatalog>()));
        services.AddSingleton<GrainService>();
        services.AddSingleton<ILinkService>(provider => provider.GetRequiredService<GrainService>());
        return services;
    }

    /// <summary>For every silo: <see cref="IGrainHost"/> finds the owner of each memory, here or at another silo; and so does the usage of tenants.</summary>
    public static IServiceCollection AddClusterGrains(this IServiceCollection services)
    {
        services.AddSingleton(provider => new ClusterGrainHost(
            provider.GetRequiredService<IClusterView>(),
            provider.GetRequiredService<ISiloLinks>(),
            provider.GetService<LocalGrains>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<IOwnerGrains>()));
        services.AddSingleton<IGrainHost>(provider => provider.GetRequiredService<ClusterGrainHost>());
        services.AddSingleton<ITenantUsage>(provider => new ClusterUsage(provider.GetRequiredService<ClusterGrainHost>().UsageOfAsync, provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
