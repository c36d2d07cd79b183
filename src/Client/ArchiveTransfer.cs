using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>Moves archives as streams: neither side ever holds one whole.</summary>
internal static class ArchiveTransfer
{
    public const string MediaType = "application/vnd.latentdb.archive";

    private const int PieceBytes = 128 * 1024;

    /// <summary>Headers for what must not stand in an address. Values that a header cannot hold go as base64 between colons (RFC 9651).</summary>
    public static IEnumerable<KeyValuePair<string, string>> Headers(string? passphrase, string? recipient, string? privateKey)
    {
        if (passphrase is not null) yield return new("X-Archive-Passphrase", Encode(passphrase));
        if (recipient is not null) yield return new("X-Archive-Recipient", Encode(recipient));
        if (privateKey is not null) yield return new("X-Archive-Private-Key", Encode(privateKey));
    }

    /// <summary>About how many bytes an export will have, when the server has told.</summary>
    public static long? ForeseenBytes(HttpResponseMessage response) =>
        response.Headers.TryGetValues("X-Archive-Foreseen-Bytes", out IEnumerable<string>? values) && long.TryParse(values.First(), out long bytes) ? bytes : null;

    /// <summary>Copies and tells how far it is.</summary>
    public static async Task<long> CopyAsync(Stream from, Stream to, long? total, IProgress<ByteProgress>? progress, CancellationToken cancellationToken)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        long done = 0;
        try
        {
            while (await from.ReadAsync(piece, cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                await to.WriteAsync(piece.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                done += read;
                progress?.Report(new ByteProgress(done, total));
            }

            return done;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private static string Encode(string secret) => $":{Convert.ToBase64String(Encoding.UTF8.GetBytes(secret))}:";

    /// <summary>An archive on its way to the server. One that can be rewound can be sent again.</summary>
    internal sealed class Upload : HttpContent
    {
        private readonly Stream _archive;
        private readonly IProgress<ByteProgress>? _progress;
        private readonly long? _length;
        private readonly long _start;

        public Upload(Stream archive, IProgress<ByteProgress>? progress)
        {
            _archive = archive;
            _progress = progress;
            _length = archive.CanSeek ? archive.Length - archive.Position : null;
            _start = archive.CanSeek ? archive.Position : 0;
            Headers.ContentType = new MediaTypeHeaderValue(MediaType);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            // HttpClient itself may send a body again on another connection.
            if (_archive.CanSeek) _archive.Position = _start;
            return CopyAsync(_archive, stream, _length, _progress, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _length ?? 0;
            return _length is not null;
        }
    }
}
