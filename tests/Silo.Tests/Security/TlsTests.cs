using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Security;

/// <summary>Encrypted connections with a certificate that is renewed while the server runs.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Certificate => Path.Combine(_folder.Path, "server.pem");

    private string Key => Path.Combine(_folder.Path, "server.key");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_certificate_on_disk_is_served_and_a_renewed_one_by_the_next_connection()
    {
        string first = Renew();
        await using RunningSilo silo = await StartAsync();

        Assert.Equal(first, await SeenAsync(silo));
        string second = Renew();
        Assert.Equal(second, await SeenAsync(silo));
        await File.WriteAllTextAsync(Certificate, "rubbish");
        File.SetLastWriteTimeUtc(Certificate, File.GetLastWriteTimeUtc(Certificate).AddMinutes(5));

        Assert.Equal(second, await SeenAsync(silo));
        silo.Logs.AssertOnly(4116);
    }

    [Fact]
    public async Task Versions_before_1_2_are_refused()
    {
        Renew();
        await using RunningSilo silo = await StartAsync();

#pragma warning disable SYSLIB0039, CA5397, CA5398 // That these are refused is what is tested.
        await Assert.ThrowsAnyAsync<Exception>(() => SeenAsync(silo, SslProtocols.Tls11));
#pragma warning restore SYSLIB0039, CA5397, CA5398
        Assert.NotNull(await SeenAsync(silo, SslProtocols.Tls12));
    }

    [Fact]
    public async Task Https_without_a_certificate_and_a_certificate_that_is_none_stop_the_start()
    {
        Renew();
        await File.WriteAllTextAsync(Certificate, "rubbish");

        Assert.Equal(ErrorCode.ConfigurationInvalid, (await Assert.ThrowsAsync<LatentDbException>(() => StartAsync())).Code);
        Assert.Equal(ErrorCode.ConfigurationInvalid, (await Assert.ThrowsAsync<LatentDbException>(() => RunningSilo.StartAsync(new EchoModelHost(), "--urls", "https://127.0.0.1:0"))).Code);
    }

    private Task<RunningSilo> StartAsync() =>
        RunningSilo.StartAsync(new EchoModelHost(), "--urls", "https://127.0.0.1:0", "--certificate", Certificate, "--certificate-key", Key);

    /// <summary>Thumbprint of the certificate that a new connection sees.</summary>
    private static async Task<string> SeenAsync(RunningSilo silo, SslProtocols protocols = SslProtocols.None)
    {
        string seen = string.Empty;
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.EnabledSslProtocols = protocols;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
        {
            seen = ((X509Certificate2)certificate!).Thumbprint;
            return (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None;
        };
        using var http = new HttpClient(handler);
        using HttpResponseMessage response = await http.GetAsync(new Uri(silo.Http.BaseAddress!, "/healthz"));
        Assert.Equal("max-age=31536000", response.Headers.GetValues("Strict-Transport-Security").Single());
        return seen;
    }

    /// <summary>Writes a new certificate; returns its thumbprint.</summary>
    private string Renew()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        DateTime newer = File.Exists(Key) ? File.GetLastWriteTimeUtc(Key).AddMinutes(1) : now.UtcDateTime;
        File.WriteAllText(Certificate, made.ExportCertificatePem());
        File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
        File.SetLastWriteTimeUtc(Certificate, newer);
        File.SetLastWriteTimeUtc(Key, newer);
        return made.Thumbprint;
    }
}
