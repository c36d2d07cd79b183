using LatentDb.MemoryStore.Links;

namespace LatentDb.Silo.Cluster.Links;

/// <summary>Registration of the ways between silos.</summary>
internal static class LinkRegistration
{
    /// <summary>Before everything that announces this silo or calls others.</summary>
    public static void AddLinks(this IServiceCollection services, SiloOptions options, ClusterSettings cluster)
    {
        LinkCertificates? certificates = options.ClusterCertificate.Length > 0 ? new LinkCertificates(options) : null;
        services.AddSingleton(provider => new LinkSeal(options.ClusterKey, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new SiloLinks(provider.GetRequiredService<LinkSeal>(), certificates?.ForCaller(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ISiloLinks>(provider => new LinkPool(provider.GetRequiredService<SiloLinks>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new LinkListener(
            options.ClusterUrls,
            cluster.Address,
            provider.GetServices<ILinkService>(),
            provider.GetRequiredService<LinkSeal>(),
            certificates?.ForListener(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider));
        services.AddHostedService<LinkHost>();
    }
}
