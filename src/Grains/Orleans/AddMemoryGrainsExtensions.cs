using LatentDb.Grains.Remote;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Links;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Serializers;

namespace LatentDb.Grains.Orleans;

/// <summary>Makes memories grains of a silo of Orleans.</summary>
public static class AddMemoryGrainsExtensions
{
    /// <summary>Orleans looks for idle grains once a minute and refuses an age that is not above that.</summary>
    private static readonly TimeSpan MinCollectionAge = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Adds codec and placement, and lets the router of <see cref="AddClusterGrainsExtensions.AddClusterGrains"/> call grains through Orleans. Needs
    /// <see cref="IClusterView"/> and <see cref="ISiloLinks"/>, and in a silo that owns shards the grains themselves.
    /// </summary>
    /// <param name="silo">The silo; its name is the one that it has in the cluster's view.</param>
    /// <param name="idleAfter">A grain without calls for so long is put away, as in the host behind it.</param>
    public static ISiloBuilder AddMemoryGrains(this ISiloBuilder silo, TimeSpan idleAfter)
    {
        ArgumentNullException.ThrowIfNull(silo);
        IServiceCollection services = silo.Services;
        services.AddSingleton<ContractFieldCodec>();

        // Before Orleans' own: its codec for exceptions would take ours and lose their codes.
        services.Insert(0, ServiceDescriptor.Singleton<IGeneralizedCodec>(provider => provider.GetRequiredService<ContractFieldCodec>()));
        services.Insert(0, ServiceDescriptor.Singleton<IGeneralizedCopier>(provider => provider.GetRequiredService<ContractFieldCodec>()));
        services.Insert(0, ServiceDescriptor.Singleton<ITypeFilter>(provider => provider.GetRequiredService<ContractFieldCodec>()));

        services.AddSingleton<OwnerSilos>();
        silo.AddPlacementDirector<ShardOwnerPlacement, ShardOwnerDirector>();
        services.AddSingleton<IOwnerGrains>(provider => new OrleansGrains(
            provider.GetRequiredService<IGrainFactory>(),
            provider.GetRequiredService<OwnerSilos>(),
            new LinkGrains(provider.GetRequiredService<IClusterView>().Self, provider.GetRequiredService<ISiloLinks>(), provider.GetService<LocalGrains>())));
        services.Configure<GrainCollectionOptions>(collection => collection.CollectionAge = idleAfter > MinCollectionAge ? idleAfter : MinCollectionAge);
        return silo;
    }
}
