using System.Buffers.Binary;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Links;

/// <summary>Receives what a <see cref="LinkWriter"/> sends. Nothing is believed before its checksum was right. Not thread-safe; owns nothing of the stream.</summary>
/// <param name="stream">Where from.</param>
/// <param name="maxMessageBytes">A longer message is refused before it is taken in.</param>
public sealed class LinkReader(Stream stream, int maxMessageBytes = LinkLimits.MaxMessageBytes) : IDisposable
{
    private readonly LinkBuffer _message = new(maxMessageBytes);
    private readonly byte[] _header = new byte[LinkWriter.HeaderBytes];

    /// <summary>The next message; its bytes are valid until the next call. Null = the other side has said that this was all.</summary>
    /// <exception cref="LinkBrokenException">The stream ended before its end was announced.</exception>
    /// <exception cref="LatentDbException">What the other side failed with; data_damaged when a frame is not what was sent.</exception>
    public async ValueTask<LinkFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        _message.Clear();
        while (true)
        {
            int begin = _message.Length;
            byte kind = await ReceiveAsync(cancellationToken).ConfigureAwait(false);
            switch (kind)
            {
                case LinkFrameKind.Part: continue;
                case LinkFrameKind.End: return begin == 0 && _message.Length == 0 ? null : throw Damaged("The end of a link stands inside a message.");
                case LinkFrameKind.Error: throw ReadError(_message.Written.Span[begin..]);
                case < LinkFrameKind.FirstOfService: throw Damaged($"A link has a frame of the unknown kind {kind}.");
                default: return new LinkFrame(kind, _message.Written);
            }
        }
    }

    /// <summary>The next message, which must be there and of that kind.</summary>
    /// <exception cref="LinkBrokenException">The stream ended before its end was announced.</exception>
    /// <exception cref="LatentDbException">What the other side failed with; data_damaged when something else came.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(byte kind, CancellationToken cancellationToken)
    {
        LinkFrame? frame = await ReadAsync(cancellationToken).ConfigureAwait(false);
        return frame is { } found && found.Kind == kind ? found.Payload : throw Damaged($"A link has {frame?.Kind.ToString() ?? "its end"} where a frame of kind {kind} must stand.");
    }

    /// <summary>Gives the buffers back; the stream stays open.</summary>
    public void Dispose() => _message.Dispose();

    /// <summary>Takes in one frame behind what is there of the message already.</summary>
    private async ValueTask<byte> ReceiveAsync(CancellationToken cancellationToken)
    {
        await FillAsync(_header, cancellationToken).ConfigureAwait(false);
        byte kind = _header[0];
        int length = BinaryPrimitives.ReadInt32LittleEndian(_header.AsSpan(1));
        if (length is < 0 or > LinkLimits.MaxFrameBytes) throw Damaged($"A frame of a link claims {length} bytes.");
        if (length > maxMessageBytes - _message.Length) throw Damaged($"A message of a link has more than {maxMessageBytes} bytes.");
        if (length > 0) await FillAsync(_message.GetMemory(length)[..length], cancellationToken).ConfigureAwait(false);
        ReadOnlySpan<byte> payload = length > 0 ? _message.GetSpan(length)[..length] : default;
        if (Checksum.Crc32C(payload, Checksum.Crc32C([kind])) != BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(5)))
        {
            throw Damaged($"A frame of a link with {length} bytes does not have its checksum.");
        }

        _message.Advance(length);
        return kind;
    }

    private async ValueTask FillAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        try
        {
            await stream.ReadExactlyAsync(target, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            throw new LinkBrokenException("The link to another silo broke before its end.", error);
        }
    }

    private static LatentDbException ReadError(ReadOnlySpan<byte> payload)
    {
        try
        {
            var reader = new MessagePackReader(payload);
            return LinkErrorCodec.Read(ref reader);
        }
        catch (MessagePackFormatException error)
        {
            return Damaged("A link has an error that cannot be read.", error);
        }
    }

    private static LatentDbException Damaged(string message, Exception? inner = null) => new(ErrorCode.DataDamaged, message, inner);
}
