using System.Buffers.Binary;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Links;

/// <summary>
/// Sends messages as frames: kind (1 byte), length (4), CRC-32C of kind and payload (4), payload, little-endian. A message is flushed, because the other
/// side may be waiting for it, unless its sender says that more follows. Not thread-safe; owns nothing of the stream.
/// </summary>
/// <param name="stream">Where to.</param>
public sealed class LinkWriter(Stream stream) : IDisposable
{
    internal const int HeaderBytes = 9;

    /// <summary>Up to here frames are gathered for one write: each is a turn of several threads on its way to the network, and of more at the other end.</summary>
    private const int MaxJoinedBytes = 64 << 10;

    private readonly LinkBuffer _joined = new(HeaderBytes + MaxJoinedBytes);

    /// <summary>Sends one message, and what was added before it; it is split when it is longer than a frame.</summary>
    /// <exception cref="LinkBrokenException">The link is gone.</exception>
    public async ValueTask WriteAsync(byte kind, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        await AddAsync(kind, message, cancellationToken).ConfigureAwait(false);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As <see cref="WriteAsync"/>, but the message may wait here for the next one, or for a flush.</summary>
    /// <exception cref="LinkBrokenException">The link is gone.</exception>
    public async ValueTask AddAsync(byte kind, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(kind, LinkFrameKind.FirstOfService);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, LinkLimits.MaxMessageBytes);
        for (; message.Length > LinkLimits.MaxFrameBytes; message = message[LinkLimits.MaxFrameBytes..])
        {
            await AddFrameAsync(LinkFrameKind.Part, message[..LinkLimits.MaxFrameBytes], cancellationToken).ConfigureAwait(false);
        }

        await AddFrameAsync(kind, message, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends what was added.</summary>
    /// <exception cref="LinkBrokenException">The link is gone.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await SendAsync(default, cancellationToken).ConfigureAwait(false);
        try
        {
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            throw Broken(error);
        }
    }

    /// <summary>Says that everything was said.</summary>
    /// <exception cref="LinkBrokenException">The link is gone.</exception>
    public async ValueTask WriteEndAsync(CancellationToken cancellationToken)
    {
        await AddFrameAsync(LinkFrameKind.End, default, cancellationToken).ConfigureAwait(false);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says that this side failed, and how. Nothing may follow.</summary>
    /// <exception cref="LinkBrokenException">The link is gone.</exception>
    public async ValueTask WriteErrorAsync(LatentDbException error, CancellationToken cancellationToken)
    {
        using LinkBuffer payload = Encoded(error);
        await AddFrameAsync(LinkFrameKind.Error, payload.Written, cancellationToken).ConfigureAwait(false);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
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

    private async ValueTask AddFrameAsync(byte kind, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        bool isJoined = payload.Length <= MaxJoinedBytes;
        if (_joined.Length + HeaderBytes + (isJoined ? payload.Length : 0) > HeaderBytes + MaxJoinedBytes) await SendAsync(default, cancellationToken).ConfigureAwait(false);
        Join(kind, payload.Span, isJoined);
        if (!isJoined) await SendAsync(payload, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes what is joined, and what follows it.</summary>
    private async ValueTask SendAsync(ReadOnlyMemory<byte> following, CancellationToken cancellationToken)
    {
        try
        {
            if (_joined.Length > 0) await stream.WriteAsync(_joined.Written, cancellationToken).ConfigureAwait(false);
            _joined.Clear();
            if (!following.IsEmpty) await stream.WriteAsync(following, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            throw Broken(error);
        }
    }

    private void Join(byte kind, ReadOnlySpan<byte> payload, bool isJoined)
    {
        int bytes = HeaderBytes + (isJoined ? payload.Length : 0);
        Span<byte> frame = _joined.GetSpan(bytes);
        frame[0] = kind;
        BinaryPrimitives.WriteInt32LittleEndian(frame[1..], payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[5..], Checksum.Crc32C(payload, Checksum.Crc32C([kind])));
        if (isJoined) payload.CopyTo(frame[HeaderBytes..]);
        _joined.Advance(bytes);
    }

    private static LinkBrokenException Broken(Exception error) => new("The link to another silo broke while something was sent.", error);
}
