using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Records;

/// <summary>Places in logs, and the blocks that stand there.</summary>
internal static class LocationCodec
{
    private const int LocationParts = 3;
    private const int SliceParts = 4;
    private const int BlockParts = 4;
    private const int BlockKeyBytes = 32;

    public static void Write(this ref MessagePackWriter writer, RecordLocation location)
    {
        writer.WriteArrayHeader(LocationParts + location.Addresses.Length);
        writer.WriteInt64(location.Epoch.Value);
        writer.WriteInt64(location.Sequence);
        writer.WriteInt64(location.Bytes);
        foreach (long address in location.Addresses) writer.WriteInt64(address);
    }

    public static RecordLocation ReadLocation(this ref MessagePackReader reader)
    {
        int parts = reader.ReadArrayHeader() - LocationParts;
        if (parts < 1) throw new MessagePackFormatException("A location without frames.");
        var epoch = new Epoch(reader.ReadInt64());
        long sequence = reader.ReadInt64();
        int bytes = reader.ReadInt32();
        var addresses = ImmutableArray.CreateBuilder<long>(parts);
        for (int i = 0; i < parts; i++) addresses.Add(reader.ReadInt64());
        if (bytes < 0) throw new MessagePackFormatException($"A location of {bytes} bytes.");
        return new RecordLocation(epoch, sequence, bytes, addresses.MoveToImmutable());
    }

    public static void Write(this ref MessagePackWriter writer, LogSeal seal)
    {
        writer.WriteArrayHeader(3);
        writer.WriteInt64(seal.Address);
        writer.WriteInt64(seal.Sequence);
        writer.WriteUInt64(seal.Chain);
    }

    public static LogSeal ReadSeal(this ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), 3, "seal");
        return new LogSeal(reader.ReadInt64(), reader.ReadInt64(), reader.ReadUInt64());
    }

    public static void Write(this ref MessagePackWriter writer, ImmutableArray<StoredBlock> blocks)
    {
        writer.WriteArrayHeader(blocks.Length);
        foreach (StoredBlock block in blocks)
        {
            writer.WriteArrayHeader(BlockParts);
            writer.Write(block.Id.Owner);
            writer.WriteInt64(block.Id.Sequence);
            writer.WriteBinary(block.Key.AsSpan());
            writer.WriteArrayHeader(block.Slices.Length);
            foreach (StoredSlice slice in block.Slices) WriteSlice(ref writer, slice);
        }
    }

    public static ImmutableArray<StoredBlock> ReadBlocks(this ref MessagePackReader reader)
    {
        var blocks = ImmutableArray.CreateBuilder<StoredBlock>(reader.ReadArrayHeader());
        for (int i = 0; i < blocks.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), BlockParts, "stored block");
            var id = new BlockId(reader.ReadUid(), reader.ReadInt64());
            ImmutableArray<byte> key = [.. reader.ReadBinary()];
            if (key.Length != BlockKeyBytes) throw new MessagePackFormatException($"A block's key has {BlockKeyBytes} bytes, not {key.Length}.");
            var slices = ImmutableArray.CreateBuilder<StoredSlice>(reader.ReadArrayHeader());
            for (int s = 0; s < slices.Capacity; s++) slices.Add(ReadSlice(ref reader));
            blocks.Add(new StoredBlock(id, key, slices.MoveToImmutable()));
        }

        return blocks.MoveToImmutable();
    }

    private static void WriteSlice(ref MessagePackWriter writer, StoredSlice slice)
    {
        writer.WriteArrayHeader(SliceParts);
        writer.WriteInt64(slice.Layer);
        writer.WriteInt64((byte)slice.Part);
        writer.WriteUInt64(slice.Checksum);
        writer.Write(slice.Location);
    }

    private static StoredSlice ReadSlice(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), SliceParts, "stored slice");
        return new StoredSlice(reader.ReadInt32(), (SlicePart)reader.ReadInt32(), checked((uint)reader.ReadUInt64()), reader.ReadLocation());
    }
}
