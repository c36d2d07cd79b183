using LatentDb.Grains.Contracts;
using LatentDb.Grains.Hosting;
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
    /// <summary>Adds codec, placement and the <see cref="IGrainHost"/> of Orleans. AddGrains has been called, and IClusterView is registered.</summary>
    /// <param name="silo">The silo; its name is the one that it has in the cluster's view.</param>
    /// <param name="links">The host that reaches other silos without Orleans: for archives, forks and lists.</param>
    public static ISiloBuilder AddMemoryGrains(this ISiloBuilder silo, Func<IServiceProvider, IGrainHost> links)
    {
        ArgumentNullException.ThrowIfNull(silo);
        IServiceCollection services = silo.Services;
        services.AddSingleton<ContractFieldCodec>();

        // Before Orleans' own: its codec for exceptions would take ours and lose their codes.
        services.Insert(0, ServiceDescriptor.Singleton<IGeneralizedCodec>(provider => provider.GetRequiredService<ContractFieldCodec>()));
        services.Insert(0, ServiceDescriptor.Singleton<IGeneralizedCopier>(provider => provider.GetRequiredService<ContractFieldCodec>()));
        services.Insert(0, ServiceDescriptor.Singleton<ITypeFilter>(provider => provider.GetRequiredService<ContractFieldCodec>()));

        services.AddSingleton<OwnerCalls>();
        silo.AddPlacementDirector<ShardOwnerPlacement, ShardOwnerDirector>();
        services.AddSingleton<IGrainHost>(provider =>
            new OrleansGrainHost(provider.GetRequiredService<IGrainFactory>(), links(provider), provider.GetRequiredService<OwnerCalls>()));
        services.AddOptions<GrainCollectionOptions>().Configure<GrainHostOptions>((collection, grains) => collection.CollectionAge = grains.IdleAfter > MinCollectionAge ? grains.IdleAfter : MinCollectionAge);
        return silo;
    }

    /// <summary>Orleans looks for idle grains once a minute and refuses an age that is not above that.</summary>
    private static readonly TimeSpan MinCollectionAge = TimeSpan.FromMinutes(2);
}
