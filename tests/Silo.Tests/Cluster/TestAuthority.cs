using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LatentDb.Silo.Tests.Cluster;

/// <summary>An authority of a cluster, made for a test, and the files that it gives to silos.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset From = TimeProvider.System.GetUtcNow().AddDays(-1);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        _certificate = request.CreateSelfSigned(From, From.AddYears(1));
    }

    /// <summary>Writes certificate, key and authority of a silo into a folder.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="trusted">Whose silos it takes; null = this one's.</param>
    public SiloOptions WriteTo(string folder, TestAuthority? trusted = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=silo", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.Create(_certificate, From, From.AddMonths(6), RandomNumberGenerator.GetBytes(8));
        var options = new SiloOptions
        {
            ClusterCertificate = Path.Combine(folder, "silo.pem"),
            ClusterCertificateKey = Path.Combine(folder, "silo.key"),
            ClusterAuthority = Path.Combine(folder, "authority.pem"),
        };
        Directory.CreateDirectory(folder);
        File.WriteAllText(options.ClusterCertificate, certificate.ExportCertificatePem());
        File.WriteAllText(options.ClusterCertificateKey, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(options.ClusterAuthority, (trusted ?? this)._certificate.ExportCertificatePem());
        return options;
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }
}
