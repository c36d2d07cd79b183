using System.Buffers.Binary;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Links;

/// <summary>
/// Receives what a <see cref="LinkWriter"/> sends. Nothing is believed before its checksum was right. A read that was cancelled loses nothing: the next
/// one goes on where it was. Not thread-safe; owns nothing of the stream.
/// </summary>
/// <param name="stream">Where from.</param>
/// <param name="maxMessageBytes">A longer message is refused before it is taken in.</param>
public sealed class LinkReader(Stream stream, int maxMessageBytes = LinkLimits.MaxMessageBytes) : IDisposable
{
    private readonly LinkBuffer _message = new(maxMessageBytes);
    private readonly byte[] _header = new byte[LinkWriter.HeaderBytes];
    private int _headerBytes; // of the frame that is being received
    private int _payloadBytes;
    private bool _isInside; // a message

    /// <summary>The next message; its bytes are valid until the next call. Null = the other side has said that this was all.</summary>
    /// <exception cref="LinkBrokenException">The stream ended before its end was announced.</exception>
    /// <exception cref="LatentDbException">What the other side failed with; data_damaged when a frame is not what was sent.</exception>
    public async ValueTask<LinkFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!_isInside) _message.Clear();
        _isInside = true;
        while (true)
        {
            int begin = _message.Length;
            byte kind = await ReceiveAsync(cancellationToken).ConfigureAwait(false);
            _isInside = kind == LinkFrameKind.Part;
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

    /// <summary>Waits, between two messages, for the first byte of the next one.</summary>
    /// <returns>False when the other side has closed the stream there.</returns>
    /// <exception cref="LinkBrokenException">The stream broke.</exception>
    public async ValueTask<bool> HasMoreAsync(CancellationToken cancellationToken)
    {
        if (_headerBytes == 0) _headerBytes = await ReadAsync(_header, cancellationToken).ConfigureAwait(false);
        return _headerBytes > 0;
    }

    /// <summary>Gives the buffers back; the stream stays open.</summary>
    public void Dispose() => _message.Dispose();

    /// <summary>Takes in one frame behind what is there of the message already.</summary>
    private async ValueTask<byte> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (_headerBytes < _header.Length) _headerBytes += await ReadSomeAsync(_header.AsMemory(_headerBytes), cancellationToken).ConfigureAwait(false);
        byte kind = _header[0];
        int length = BinaryPrimitives.ReadInt32LittleEndian(_header.AsSpan(1));
        if (length is < 0 or > LinkLimits.MaxFrameBytes) throw Damaged($"A frame of a link claims {length} bytes.");
        if (length > maxMessageBytes - _message.Length) throw Damaged($"A message of a link has more than {maxMessageBytes} bytes.");
        while (_payloadBytes < length)
        {
            _payloadBytes += await ReadSomeAsync(_message.GetMemory(length)[_payloadBytes..length], cancellationToken).ConfigureAwait(false);
        }

        ReadOnlySpan<byte> payload = length > 0 ? _message.GetSpan(length)[..length] : default;
        if (Checksum.Crc32C(payload, Checksum.Crc32C([kind])) != BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(5)))
        {
            throw Damaged($"A frame of a link with {length} bytes does not have its checksum.");
        }

        (_headerBytes, _payloadBytes) = (0, 0);
        _message.Advance(length);
        return kind;
    }

    private async ValueTask<int> ReadSomeAsync(Memory<byte> target, CancellationToken cancellationToken) =>
        await ReadAsync(target, cancellationToken).ConfigureAwait(false) is > 0 and int count ? count : throw new LinkBrokenException("The link to another silo ended before its end was told.");

    private async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(target, cancellationToken).ConfigureAwait(false);
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
