using LatentDb.ModelHost.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace LatentDb.ModelHost.Hosting;

/// <summary>Registers the model host of this process.</summary>
public static class AddModelHostExtensions
{
    /// <summary>Adds <see cref="IModelHost"/>; the checkpoint is loaded in the background once the process starts.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">configuration_invalid.</exception>
    public static IServiceCollection AddModelHost(this IServiceCollection services, Action<ModelHostOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new ModelHostOptions();
        configure(options);
        options.Check();
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<LoadingModelHost>();
        services.AddSingleton<IModelHost>(provider => provider.GetRequiredService<LoadingModelHost>());
        services.AddHostedService(provider => provider.GetRequiredService<LoadingModelHost>());
        return services;
    }
}
