using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LatentDb.MemoryStore.Errors;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace LatentDb.Silo.Cluster.Links;

/// <summary>
/// TLS of links: each silo shows its certificate, as server and as client, and takes those that the cluster's own authority has signed, whatever name they
/// bear: pods come and go, and which silo is meant is sealed with the cluster's key.
/// </summary>
internal sealed class LinkCertificates
{
    private readonly X509Certificate2 _own;
    private readonly X509Certificate2Collection _authority = [];

    /// <exception cref="LatentDbException">configuration_invalid: the files cannot be read, or do not fit each other.</exception>
    public LinkCertificates(SiloOptions options)
    {
        try
        {
            using X509Certificate2 read = X509Certificate2.CreateFromPemFile(options.ClusterCertificate, options.ClusterCertificateKey);
            _own = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
            _authority.ImportFromPemFile(options.ClusterAuthority);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"The certificate {options.ClusterCertificate} of the cluster cannot be used: {error.Message}", error);
        }
    }

    public HttpsConnectionAdapterOptions ForListener() => new()
    {
        ServerCertificate = _own,
        ClientCertificateMode = ClientCertificateMode.RequireCertificate,
        ClientCertificateValidation = (certificate, _, _) => IsOurs(certificate),
        SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
    };

    public SslClientAuthenticationOptions ForCaller() => new()
    {
        ClientCertificates = [_own],
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 known && IsOurs(known),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
    };

    private bool IsOurs(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // A cluster's own authority publishes no lists.
        return chain.Build(certificate);
    }
}
