using System.Buffers.Binary;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Links;

/// <summary>
/// Sends messages as frames: kind (1 byte), length (4), CRC-32C of kind and payload (4), payload, little-endian. Every message is flushed, because the
/// other side may be waiting for it. Not thread-safe; owns nothing of the stream.
/// </summary>
/// <param name="stream">Where to.</param>
public sealed class LinkWriter(Stream stream) : IDisposable
{
    internal const int HeaderBytes = 9;

    /// <summary>Up to here a frame is one write, which is one frame of HTTP/2 as well; above it a copy would cost more than a second write.</summary>
    private const int MaxJoinedBytes = 16 << 10;

    private readonly LinkBuffer _joined = new(HeaderBytes + MaxJoinedBytes);

    /// <summary>Sends one message; it is split when it is longer than a frame.</summary>
    /// <exception cref="LinkBrokenException">The link is gone.</exception>
    public async ValueTask WriteAsync(byte kind, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(kind, LinkFrameKind.FirstOfService);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, LinkLimits.MaxMessageBytes);
        for (; message.Length > LinkLimits.MaxFrameBytes; message = message[LinkLimits.MaxFrameBytes..])
        {
            await SendAsync(LinkFrameKind.Part, message[..LinkLimits.MaxFrameBytes], cancellationToken).ConfigureAwait(false);
        }

        await SendAsync(kind, message, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says that everything was said.</summary>
    /// <exception cref="LinkBrokenException">The link is gone.</exception>
    public ValueTask WriteEndAsync(CancellationToken cancellationToken) => SendAsync(LinkFrameKind.End, default, cancellationToken);

    /// <summary>Says that this side failed, and how. Nothing may follow.</summary>
    /// <exception cref="LinkBrokenException">The link is gone.</exception>
    public async ValueTask WriteErrorAsync(LatentDbException error, CancellationToken cancellationToken)
    {
        using LinkBuffer payload = Encoded(error);
        await SendAsync(LinkFrameKind.Error, payload.Written, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives the buffers back; the stream stays open.</summary>
    public void Dispose() => _joined.Dispose();

    private static LinkBuffer Encoded(LatentDbException error)
    {
        var payload = new LinkBuffer();
        var writer = new MessagePackWriter(payload);
        LinkErrorCodec.Write(ref writer, error);
        return payload;
    }

    private async ValueTask SendAsync(byte kind, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            bool isJoined = payload.Length <= MaxJoinedBytes;
            await stream.WriteAsync(Header(kind, payload, isJoined), cancellationToken).ConfigureAwait(false);
            if (!isJoined) await stream.WriteAsync(payload, cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            throw new LinkBrokenException("The link to another silo broke while something was sent.", error);
        }
    }

    private ReadOnlyMemory<byte> Header(byte kind, ReadOnlyMemory<byte> payload, bool isJoined)
    {
        _joined.Clear();
        Span<byte> header = _joined.GetSpan(HeaderBytes + (isJoined ? payload.Length : 0));
        header[0] = kind;
        BinaryPrimitives.WriteInt32LittleEndian(header[1..], payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[5..], Checksum.Crc32C(payload.Span, Checksum.Crc32C([kind])));
        if (isJoined) payload.Span.CopyTo(header[HeaderBytes..]);
        _joined.Advance(HeaderBytes + (isJoined ? payload.Length : 0));
        return _joined.Written;
    }
}
