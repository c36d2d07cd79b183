using System.Buffers;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;

namespace LatentDb.ModelHost.Remote.Codecs;

/// <summary>Names of blocks and slices.</summary>
internal static class BlockCodec
{
    private const int SliceParts = 5;

    public static void Write(ref MessagePackWriter writer, BlockId block)
    {
        writer.WriteArrayHeader(2);
        writer.Write(block.Owner);
        writer.WriteInt64(block.Sequence);
    }

    public static BlockId Read(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), 2, "block");
        return new BlockId(reader.ReadUid(), reader.ReadInt64());
    }

    /// <summary>A wish for a slice.</summary>
    /// <param name="buffer">Receives it.</param>
    /// <param name="slice">Which one.</param>
    /// <param name="from">Its first encoded byte that is wanted: what came before a link broke is not sent again.</param>
    public static void WriteWish(IBufferWriter<byte> buffer, SliceAddress slice, int from)
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(SliceParts);
        Write(ref writer, slice);
        writer.WriteInt64(from);
    }

    public static (SliceAddress Slice, int From) ReadWish(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        ScalarCodec.Expect(reader.ReadArrayHeader(), SliceParts, "wish");
        SliceAddress slice = ReadSlice(ref reader);
        int from = reader.ReadInt32();
        return from >= 0 ? (slice, from) : throw new MessagePackFormatException($"Byte {from} of a slice.");
    }

    /// <summary>Four parts of an array whose header was written before.</summary>
    public static void Write(ref MessagePackWriter writer, SliceAddress slice)
    {
        writer.Write(slice.Block.Owner);
        writer.WriteInt64(slice.Block.Sequence);
        writer.WriteInt64(slice.Layer);
        writer.WriteInt64((byte)slice.Part);
    }

    /// <summary>The four parts.</summary>
    public static SliceAddress ReadSlice(ref MessagePackReader reader)
    {
        var block = new BlockId(reader.ReadUid(), reader.ReadInt64());
        int layer = reader.ReadInt32();
        int part = reader.ReadInt32();
        return part is (int)SlicePart.Read or (int)SlicePart.Hidden ? new SliceAddress(block, layer, (SlicePart)part) : throw new MessagePackFormatException($"Part {part} of a slice is not known.");
    }
}
