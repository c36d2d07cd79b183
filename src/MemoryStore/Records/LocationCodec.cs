using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Records;

/// <summary>Places in logs, and the blocks that stand there.</summary>
internal static class LocationCodec
{
    private const int LocationParts = 5;
    private const int SliceParts = 4;
    private const int BlockParts = 3;

    public static void Write(this ref MessagePackWriter writer, RecordLocation location)
    {
        writer.WriteArrayHeader(LocationParts);
        writer.WriteInt64(location.Epoch.Value);
        writer.WriteInt64(location.Sequence);
        writer.WriteInt64(location.Bytes);
        writer.WriteInt64(location.OperationIdBytes);
        writer.WriteArrayHeader(location.Addresses.Length);
        foreach (long address in location.Addresses) writer.WriteInt64(address);
    }

    public static RecordLocation ReadLocation(this ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), LocationParts, "location");
        var epoch = new Epoch(reader.ReadInt64());
        long sequence = reader.ReadInt64();
        int bytes = reader.ReadInt32();
        int operationIdBytes = reader.ReadInt32();
        var addresses = ImmutableArray.CreateBuilder<long>(reader.ReadArrayHeader());
        for (int i = 0; i < addresses.Capacity; i++) addresses.Add(reader.ReadInt64());
        if (bytes < 0 || operationIdBytes < 0 || addresses.Count == 0) throw new MessagePackFormatException("A location without frames.");
        return new RecordLocation(epoch, sequence, bytes, operationIdBytes, addresses.MoveToImmutable());
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
            var slices = ImmutableArray.CreateBuilder<StoredSlice>(reader.ReadArrayHeader());
            for (int s = 0; s < slices.Capacity; s++) slices.Add(ReadSlice(ref reader));
            blocks.Add(new StoredBlock(id, slices.MoveToImmutable()));
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
