using LatentDb.MemoryStore;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.ModelHost.Remote.Codecs;

namespace LatentDb.ModelHost.Remote.Slices;

/// <summary>What has come of one slice so far, over one stream or several. Used by one reader.</summary>
/// <param name="buffer">Where its bytes go.</param>
internal sealed class SliceReceipt(SliceBuffer buffer)
{
    private Memory<byte> _target;
    private SliceHead? _head;

    /// <summary>Bytes that have come.</summary>
    public int Received { get; private set; }

    /// <summary>All bytes are there; not yet compared with their checksum.</summary>
    public bool IsWhole => _head is { } head && Received == head.Bytes;

    /// <summary>Which slice it is; known once its head has come.</summary>
    public SliceAddress Address => _head?.Address ?? throw new InvalidOperationException("No head has come yet.");

    /// <summary>Forgets everything.</summary>
    public void Clear() => (_head, Received) = (null, 0);

    /// <summary>Begins a slice, or goes on with it over another stream.</summary>
    /// <exception cref="ElsewhereException">It is not what was asked for, or not a head.</exception>
    public void Begin(ReadOnlySpan<byte> message)
    {
        try
        {
            var reader = new MessagePackReader(message);
            ScalarCodec.Expect(reader.ReadArrayHeader(), SliceHead.Parts, "slice");
            var head = new SliceHead(BlockCodec.ReadSlice(ref reader), reader.ReadInt32(), reader.ReadInt32(), checked((uint)reader.ReadInt64()));
            bool fits = head.Bytes is > 0 and <= StoreLimits.MaxSliceBytes && head.From == Received && (Received == 0 || head with { From = 0 } == _head);
            if (!fits) throw RemoteLink.Nonsense($"bytes {head.From} to {head.Bytes} of slice {head.Address} after {Received}");
            if (Received == 0) _target = buffer.Lend(head.Bytes);
            _head = head with { From = 0 };
            Add(reader.ReadBinary());
        }
        catch (Exception error) when (error is MessagePackFormatException or OverflowException)
        {
            throw RemoteLink.Nonsense("a slice that cannot be read");
        }
    }

    /// <summary>The next bytes.</summary>
    /// <exception cref="ElsewhereException">More than there are, or before the head.</exception>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_head is not { } head || bytes.Length > head.Bytes - Received) throw RemoteLink.Nonsense($"{bytes.Length} bytes that no slice has");
        bytes.CopyTo(_target.Span[Received..]);
        Received += bytes.Length;
    }

    /// <summary>The slice, verified; shares the buffer.</summary>
    /// <exception cref="ElsewhereException">The bytes are not those that were sent.</exception>
    public BlockSlice Complete()
    {
        SliceHead head = _head ?? throw new InvalidOperationException("No head has come yet.");
        if (Checksum.Crc32C(_target.Span) != head.Checksum) throw RemoteLink.Nonsense($"slice {head.Address} with bytes that do not have its checksum");
        try
        {
            return BlockSliceCodec.Decode(head.Address, _target);
        }
        catch (FrameFormatException)
        {
            throw RemoteLink.Nonsense($"slice {head.Address} in a shape that cannot be read");
        }
    }
}
