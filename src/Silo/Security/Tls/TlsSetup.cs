using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace LatentDb.Silo.Security.Tls;

/// <summary>TLS of addresses that begin with https.</summary>
internal static class TlsSetup
{
    public static void AddTls(this IServiceCollection services, SiloOptions options)
    {
        if (options.Certificate.Length == 0) return;
        services.AddSingleton(provider => new ServerCertificate(options.Certificate, options.CertificateKey, provider.GetRequiredService<ILogger<ServerCertificate>>()));
    }

    /// <summary>TLS 1.2 and 1.3, with the certificate that is on disk at the moment of the connection.</summary>
    public static void UseTls(this KestrelServerOptions kestrel, SiloOptions options)
    {
        if (options.Certificate.Length == 0) return;
        ServerCertificate certificate = kestrel.ApplicationServices.GetRequiredService<ServerCertificate>();
        kestrel.ConfigureHttpsDefaults(https =>
        {
            https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
            https.ServerCertificateSelector = (_, _) => certificate.Current();
            https.ServerCertificateChain = certificate.Chain();
        });
    }
}
