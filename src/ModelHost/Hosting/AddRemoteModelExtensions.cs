using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Links;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Remote;
using LatentDb.ModelHost.Remote.Slices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace LatentDb.ModelHost.Hosting;

/// <summary>Registers what silos of a cluster do with each other's models. Needs <see cref="ISiloLinks"/> and logging.</summary>
public static class AddRemoteModelExtensions
{
    /// <summary>For a silo that has no model: <see cref="IModelHost"/> over the model silos of the <see cref="IClusterView"/>.</summary>
    public static IServiceCollection AddRemoteModelHost(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<RemoteModelHost>();
        services.AddSingleton<IModelHost>(provider => provider.GetRequiredService<RemoteModelHost>());
        services.AddHostedService(provider => provider.GetRequiredService<RemoteModelHost>());
        return services;
    }

    /// <summary>For a silo that has one, after <see cref="AddModelHostExtensions.AddModelHost"/>: others may use it.</summary>
    public static IServiceCollection AddModelService(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<RemoteBlockSources>();
        services.AddSingleton<ModelService>();
        services.AddSingleton<ILinkService>(provider => provider.GetRequiredService<ModelService>());
        services.AddSingleton<IModelDrain>(provider => provider.GetRequiredService<ModelService>());
        return services;
    }

    /// <summary>For a silo that owns shards: model silos may read its blocks.</summary>
    /// <param name="services">Of the silo.</param>
    /// <param name="blocks">The blocks of the local shards.</param>
    public static IServiceCollection AddBlockService(this IServiceCollection services, Func<IServiceProvider, IBlockSource> blocks)
    {
        services.AddSingleton<ILinkService>(provider => ActivatorUtilities.CreateInstance<BlockService>(provider, blocks(provider)));
        return services;
    }
}
