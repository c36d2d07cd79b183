using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Security.Tls;

/// <summary>
/// The certificate of the server, from PEM files that something else renews: each new connection looks whether they have changed. Files that cannot be
/// used leave the certificate before them in service. Thread-safe.
/// </summary>
internal sealed partial class ServerCertificate : IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _certificatePath;
    private readonly string _keyPath;
    private readonly ILogger _logger;
    private X509Certificate2 _current;
    private DateTime _writtenAt;

    /// <exception cref="LatentDbException">configuration_invalid: the files cannot be read, or do not fit each other.</exception>
    public ServerCertificate(string certificatePath, string keyPath, ILogger<ServerCertificate> logger)
    {
        (_certificatePath, _keyPath, _logger) = (certificatePath, keyPath, logger);
        try
        {
            _writtenAt = WrittenAt();
            _current = Load();
        }
        catch (Exception error) when (IsUnusable(error))
        {
            throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"The certificate {certificatePath} with the key {keyPath} cannot be used: {error.Message}", error);
        }
    }

    /// <summary>The other certificates of the file, which lead from this one to a root; those of the start.</summary>
    public X509Certificate2Collection Chain()
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(_certificatePath);
        return all;
    }

    /// <summary>For the next connection.</summary>
    public X509Certificate2 Current()
    {
        lock (_lock)
        {
            try
            {
                if (WrittenAt() is var now && now != _writtenAt)
                {
                    _writtenAt = now;

                    // The one before is not disposed: connections that have just been made still use it.
                    _current = Load();
                    LogRenewed(_current.NotAfter);
                }
            }
            catch (Exception error) when (IsUnusable(error))
            {
                LogNotRenewed(error);
            }

            return _current;
        }
    }

    public void Dispose() => _current.Dispose();

    private static bool IsUnusable(Exception error) => error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private X509Certificate2 Load()
    {
        using X509Certificate2 read = X509Certificate2.CreateFromPemFile(_certificatePath, _keyPath);

        // A key that was read from PEM lives in memory only, and some systems' TLS wants one that it can find: PKCS #12 makes it so.
        return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
    }

    private DateTime WrittenAt() => new(Math.Max(File.GetLastWriteTimeUtc(_certificatePath).Ticks, File.GetLastWriteTimeUtc(_keyPath).Ticks), DateTimeKind.Utc);

    [LoggerMessage(4115, LogLevel.Information, "A new certificate is in service, valid until {NotAfter}.")]
    private partial void LogRenewed(DateTime notAfter);

    [LoggerMessage(4116, LogLevel.Warning, "The certificate has changed and cannot be used; the one before stays in service.")]
    private partial void LogNotRenewed(Exception error);
}
