using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LatentDb.MemoryStore.Errors;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace LatentDb.Silo.Cluster.Links;

/// <summary>
/// TLS of links: each silo shows its certificate, as server and as client, and takes those that the cluster's own authority has signed, whatever name they
/// bear: pods come and go, and which silo is meant is sealed with the cluster's key. Files that were replaced are read at the next connection; while they
/// do not fit each other, the old ones serve. Thread-safe.
/// </summary>
internal sealed class LinkCertificates
{
    private readonly string[] _files;
    private readonly Lock _lock = new();
    private Loaded _loaded;

    /// <exception cref="LatentDbException">configuration_invalid: the files cannot be read, or do not fit each other.</exception>
    public LinkCertificates(SiloOptions options)
    {
        _files = [options.ClusterCertificate, options.ClusterCertificateKey, options.ClusterAuthority];
        try
        {
            _loaded = Load();
        }
        catch (Exception error) when (IsUnusable(error))
        {
            throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"The certificate {options.ClusterCertificate} of the cluster cannot be used: {error.Message}", error);
        }
    }

    public HttpsConnectionAdapterOptions ForListener() => new()
    {
        ServerCertificateSelector = (_, _) => Current().Own,
        ClientCertificateMode = ClientCertificateMode.RequireCertificate,
        ClientCertificateValidation = (certificate, _, _) => IsOurs(certificate),
        SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
    };

    public SslClientAuthenticationOptions ForCaller() => new()
    {
        LocalCertificateSelectionCallback = (_, _, _, _, _) => Current().Own,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 known && IsOurs(known),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
    };

    private Loaded Current()
    {
        lock (_lock)
        {
            try
            {
                if (Stamp() != _loaded.Stamp) _loaded = Load();
            }
            catch (Exception error) when (IsUnusable(error))
            {
                // Certificate and key are two files, and one of them is replaced first: looked at again at the next connection.
            }

            return _loaded;
        }
    }

    private Loaded Load()
    {
        long stamp = Stamp(); // First: what changes while it is read is read again.
        using X509Certificate2 read = X509Certificate2.CreateFromPemFile(_files[0], _files[1]);
        X509Certificate2 own = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
        var authority = new X509Certificate2Collection();
        authority.ImportFromPemFile(_files[2]);
        return new Loaded(own, authority, stamp);
    }

    /// <summary>Differs when one of the files is another.</summary>
    private long Stamp() => _files.Aggregate(0L, (stamp, file) => HashCode.Combine(stamp, File.GetLastWriteTimeUtc(file).Ticks));

    private bool IsOurs(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(Current().Authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // A cluster's own authority publishes no lists.
        return chain.Build(certificate);
    }

    private static bool IsUnusable(Exception error) => error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private sealed record Loaded(X509Certificate2 Own, X509Certificate2Collection Authority, long Stamp);
}
