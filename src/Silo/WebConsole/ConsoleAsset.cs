using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace LatentDb.Silo.WebConsole;

/// <summary>One file of the console, as it goes over the wire: plain, and compressed once, when somebody first asks for it.</summary>
internal sealed class ConsoleAsset
{
    /// <summary>Below this many bytes the headers weigh more than what compression saves.</summary>
    private const int MinCompressedBytes = 512;

    private readonly byte[] _plain;
    private readonly Lazy<byte[]> _brotli;
    private readonly Lazy<byte[]> _gzip;
    private readonly string _hash;

    public ConsoleAsset(string path, byte[] content)
    {
        ContentType = TypeOf(path);
        _plain = content;
        _hash = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12));
        _brotli = new Lazy<byte[]>(() => Compress(target => new BrotliStream(target, CompressionLevel.SmallestSize, leaveOpen: true)));
        _gzip = new Lazy<byte[]>(() => Compress(target => new GZipStream(target, CompressionLevel.SmallestSize, leaveOpen: true)));
    }

    public string ContentType { get; }

    /// <summary>The form that the caller takes, the smallest first.</summary>
    public ConsoleContent For(HttpRequest request)
    {
        if (_plain.Length < MinCompressedBytes) return Plain;
        IList<StringWithQualityHeaderValue> accepted = request.GetTypedHeaders().AcceptEncoding;
        if (Takes(accepted, "br")) return new ConsoleContent(_brotli.Value, "br", $"\"{_hash}-br\"");
        return Takes(accepted, "gzip") ? new ConsoleContent(_gzip.Value, "gzip", $"\"{_hash}-gz\"") : Plain;
    }

    private ConsoleContent Plain => new(_plain, null, $"\"{_hash}\"");

    private static bool Takes(IList<StringWithQualityHeaderValue> accepted, string encoding) =>
        accepted.Any(a => a.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && a.Quality is null or > 0);

    private byte[] Compress(Func<Stream, Stream> open)
    {
        using var target = new MemoryStream();
        using (Stream compressor = open(target)) compressor.Write(_plain);
        return target.ToArray();
    }

    private static string TypeOf(string path) => Path.GetExtension(path) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => throw new InvalidOperationException($"The console's file '{path}' has a kind that nobody gave a type."),
    };
}

/// <summary>Bytes of an answer.</summary>
/// <param name="Bytes">As they are sent.</param>
/// <param name="Encoding">How they are compressed; null = not at all.</param>
/// <param name="ETag">Names exactly these bytes.</param>
internal sealed record ConsoleContent(byte[] Bytes, string? Encoding, string ETag);
