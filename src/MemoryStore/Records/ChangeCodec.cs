using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Records;

/// <summary>What retention and compaction write.</summary>
internal static class ChangeCodec
{
    public static void WriteDropped(ref MessagePackWriter writer, VersionsDroppedRecord record)
    {
        writer.WriteMapHeader(3);
        writer.WriteInt64(1);
        StateCodec.WriteGaps(ref writer, record.Gaps);
        writer.WriteInt64(2);
        WritePlaces(ref writer, record.Images);
        writer.WriteInt64(3);
        writer.WriteArrayHeader(record.Blocks.Length);
        foreach (BlockId block in record.Blocks) WriteBlock(ref writer, block);
    }

    public static VersionsDroppedRecord ReadDropped(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        ImmutableArray<VersionGap> gaps = StateCodec.ReadGaps(ref reader);
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        ImmutableArray<VersionPlace> images = ReadPlaces(ref reader);
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        var blocks = ImmutableArray.CreateBuilder<BlockId>(reader.ReadArrayHeader());
        for (int i = 0; i < blocks.Capacity; i++) blocks.Add(ReadBlock(ref reader));
        fields.Next(ref reader);
        fields.End(ref reader);
        return new VersionsDroppedRecord(gaps, images, blocks.MoveToImmutable());
    }

    public static void WriteRelocated(ref MessagePackWriter writer, RelocatedRecord record)
    {
        writer.WriteMapHeader(2);
        writer.WriteInt64(1);
        writer.WriteArrayHeader(record.Memories.Length);
        foreach (MemoryRelocation memory in record.Memories)
        {
            writer.WriteArrayHeader(3);
            writer.Write(memory.Memory);
            WritePlaces(ref writer, memory.Versions);
            writer.WriteArrayHeader(memory.Slices.Length);
            foreach (SlicePlace slice in memory.Slices) WriteSlice(ref writer, slice);
        }

        writer.WriteInt64(2);
        CheckpointCodec.WriteGenesis(ref writer, record.Genesis);
    }

    public static RelocatedRecord ReadRelocated(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        var memories = ImmutableArray.CreateBuilder<MemoryRelocation>(reader.ReadArrayHeader());
        for (int i = 0; i < memories.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), 3, "relocation");
            MemoryUid uid = reader.ReadUid();
            ImmutableArray<VersionPlace> versions = ReadPlaces(ref reader);
            var slices = ImmutableArray.CreateBuilder<SlicePlace>(reader.ReadArrayHeader());
            for (int s = 0; s < slices.Capacity; s++) slices.Add(ReadSlice(ref reader));
            memories.Add(new MemoryRelocation(uid, versions, slices.MoveToImmutable()));
        }

        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        ImmutableArray<GenesisState> genesis = CheckpointCodec.ReadGenesis(ref reader);
        fields.Next(ref reader);
        fields.End(ref reader);
        return new RelocatedRecord(memories.MoveToImmutable(), genesis);
    }

    private static void WriteSlice(ref MessagePackWriter writer, SlicePlace place)
    {
        writer.WriteArrayHeader(4);
        WriteBlock(ref writer, place.Slice.Block);
        writer.WriteInt64(place.Slice.Layer);
        writer.WriteInt64((byte)place.Slice.Part);
        writer.Write(place.Location);
    }

    private static SlicePlace ReadSlice(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), 4, "slice place");
        return new SlicePlace(new SliceAddress(ReadBlock(ref reader), reader.ReadInt32(), (SlicePart)reader.ReadInt32()), reader.ReadLocation());
    }

    private static void WriteBlock(ref MessagePackWriter writer, BlockId block)
    {
        writer.WriteArrayHeader(2);
        writer.Write(block.Owner);
        writer.WriteInt64(block.Sequence);
    }

    private static BlockId ReadBlock(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), 2, "block id");
        return new BlockId(reader.ReadUid(), reader.ReadInt64());
    }

    private static void WritePlaces(ref MessagePackWriter writer, ImmutableArray<VersionPlace> places)
    {
        writer.WriteArrayHeader(places.Length);
        foreach (VersionPlace place in places)
        {
            writer.WriteArrayHeader(2);
            writer.WriteInt64(place.Version.Value);
            writer.Write(place.Location);
        }
    }

    private static ImmutableArray<VersionPlace> ReadPlaces(ref MessagePackReader reader)
    {
        var places = ImmutableArray.CreateBuilder<VersionPlace>(reader.ReadArrayHeader());
        for (int i = 0; i < places.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), 2, "version place");
            places.Add(new VersionPlace(reader.ReadVersion(), reader.ReadLocation()));
        }

        return places.MoveToImmutable();
    }
}
