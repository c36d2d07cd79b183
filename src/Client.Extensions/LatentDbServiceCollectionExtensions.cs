using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LatentDb.Client.Extensions;

/// <summary>Registers the client with an application's services.</summary>
public static class LatentDbServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="LatentDbClient"/> over <see cref="IHttpClientFactory"/>, which keeps connections and renews them. It is cheap to make and transient:
    /// ask for it where it is used, not once in a singleton.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets at least the server; null = the options are configured elsewhere, such as from a section of the configuration.</param>
    /// <returns>What further handlers, certificates and proxies are added to.</returns>
    public static IHttpClientBuilder AddLatentDb(this IServiceCollection services, Action<LatentDbOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<LatentDbOptions> options = services.AddOptions<LatentDbOptions>()
            .Validate(o => o.Server is { IsAbsoluteUri: true, Scheme: "http" or "https" }, "LatentDbOptions.Server must be the server's address, such as https://db.example.")
            .Validate(o => o.MaxAttempts >= 1, "LatentDbOptions.MaxAttempts must be 1 or more.");
        if (configure is not null) options.Configure(configure);
        return services
            .AddHttpClient(nameof(LatentDbClient), (provider, http) =>
            {
                LatentDbOptions named = provider.GetRequiredService<IOptions<LatentDbOptions>>().Value;
                http.BaseAddress = new Uri($"{named.Server!.AbsoluteUri.TrimEnd('/')}/");
                http.Timeout = named.Timeout;
            })
            .AddTypedClient((http, provider) => new LatentDbClient(
                http,
                provider.GetRequiredService<IOptions<LatentDbOptions>>().Value.ToClientOptions(provider.GetService<TimeProvider>() ?? TimeProvider.System)));
    }
}
