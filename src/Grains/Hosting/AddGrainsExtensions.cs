using LatentDb.Grains.Contracts;
using LatentDb.Grains.Memories;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace LatentDb.Grains.Hosting;

/// <summary>Registers the grain host of this process.</summary>
public static class AddGrainsExtensions
{
    /// <summary>Adds <see cref="IGrainHost"/> over the registered store and IModelHost.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">configuration_invalid.</exception>
    public static IServiceCollection AddGrains(this IServiceCollection services, Action<GrainHostOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new GrainHostOptions();
        configure(options);
        options.Check();
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<GrainStore>();
        services.AddSingleton<EmbeddedGrainHost>();
        services.AddSingleton<IGrainHost>(provider => provider.GetRequiredService<EmbeddedGrainHost>());
        services.AddSingleton<ITenantUsage, StoredUsage>();
        services.AddHostedService(provider => provider.GetRequiredService<EmbeddedGrainHost>());
        return services;
    }
}
