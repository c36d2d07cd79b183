using LatentDb.MemoryStore;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.ModelHost.Remote.Codecs;

namespace LatentDb.ModelHost.Remote.Slices;

/// <summary>
/// Sends slices: name, length, checksum and the first bytes in one message, the rest in others. The bytes are those that the store keeps, and so is the
/// checksum, which the receiver compares once he has them all. One slice at a time.
/// </summary>
internal sealed class SliceSender(LinkWriter link) : IDisposable
{
    /// <summary>Name, numbers and headers around the first bytes.</summary>
    private const int HeadOverhead = 128;

    private readonly LinkBuffer _encoded = new(StoreLimits.MaxSliceBytes);
    private readonly LinkBuffer _head = new(RemoteLimits.FirstBytes + HeadOverhead);

    /// <summary>The last of it may wait for the link's next flush.</summary>
    /// <param name="slice">The slice.</param>
    /// <param name="from">Its first encoded byte that the receiver does not have.</param>
    /// <param name="cancellationToken">Looked at before every message.</param>
    public async ValueTask SendAsync(BlockSlice slice, int from, CancellationToken cancellationToken)
    {
        _encoded.Clear();
        _ = _encoded.GetMemory(BlockSliceCodec.MaxBytes(slice));
        BlockSliceCodec.Encode(slice, _encoded);
        ReadOnlyMemory<byte> bytes = _encoded.Written;
        from = Math.Min(from, bytes.Length);
        int first = Math.Min(RemoteLimits.FirstBytes, bytes.Length - from);
        WriteHead(new SliceHead(slice.Address, bytes.Length, from, Checksum.Crc32C(bytes.Span)), bytes.Span.Slice(from, first));
        await link.AddAsync(ModelFrameKind.SliceHead, _head.Written, cancellationToken).ConfigureAwait(false);
        for (int sent = from + first; sent < bytes.Length;)
        {
            int count = Math.Min(LinkLimits.MaxFrameBytes, bytes.Length - sent);
            await link.AddAsync(ModelFrameKind.SliceBytes, bytes.Slice(sent, count), cancellationToken).ConfigureAwait(false);
            sent += count;
        }
    }

    public void Dispose()
    {
        _encoded.Dispose();
        _head.Dispose();
    }

    private void WriteHead(SliceHead head, ReadOnlySpan<byte> first)
    {
        _head.Clear();
        var writer = new MessagePackWriter(_head);
        writer.WriteArrayHeader(SliceHead.Parts);
        BlockCodec.Write(ref writer, head.Address);
        writer.WriteInt64(head.Bytes);
        writer.WriteInt64(head.From);
        writer.WriteInt64(head.Checksum);
        writer.WriteBinary(first);
    }
}

/// <summary>What stands before the bytes of a slice.</summary>
/// <param name="Address">Which slice.</param>
/// <param name="Bytes">All its encoded bytes.</param>
/// <param name="From">The first one that follows.</param>
/// <param name="Checksum">CRC-32C of all.</param>
internal readonly record struct SliceHead(SliceAddress Address, int Bytes, int From, uint Checksum)
{
    public const int Parts = 8;
}
