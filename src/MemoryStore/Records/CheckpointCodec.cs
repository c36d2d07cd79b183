using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Records;

/// <summary>The checkpoint record.</summary>
internal static class CheckpointCodec
{
    private const int GenesisParts = 3;

    public static void Write(ref MessagePackWriter writer, CheckpointRecord record)
    {
        writer.WriteMapHeader(2);
        writer.WriteInt64(1);
        writer.WriteArrayHeader(record.Genesis.Length);
        foreach (GenesisState genesis in record.Genesis)
        {
            writer.WriteArrayHeader(GenesisParts);
            writer.Write(genesis.Fingerprint);
            writer.Write(genesis.Location);
            writer.Write(genesis.Blocks);
        }

        writer.WriteInt64(2);
        writer.WriteArrayHeader(record.Memories.Length);
        foreach (MemoryState memory in record.Memories) WriteMemory(ref writer, memory);
    }

    public static CheckpointRecord Read(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        var genesis = ImmutableArray.CreateBuilder<GenesisState>(reader.ReadArrayHeader());
        for (int i = 0; i < genesis.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), GenesisParts, "genesis");
            genesis.Add(new GenesisState(reader.ReadFingerprint(), reader.ReadLocation(), reader.ReadBlocks()));
        }

        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        var memories = ImmutableArray.CreateBuilder<MemoryState>(reader.ReadArrayHeader());
        for (int i = 0; i < memories.Capacity; i++) memories.Add(ReadMemory(ref reader));
        fields.Next(ref reader);
        fields.End(ref reader);
        return new CheckpointRecord(genesis.MoveToImmutable(), memories.MoveToImmutable());
    }

    private static void WriteMemory(ref MessagePackWriter writer, MemoryState memory)
    {
        writer.WriteMapHeader(7);
        writer.WriteInt64(1);
        writer.Write(memory.Uid);
        writer.WriteInt64(2);
        writer.Write(memory.Key);
        writer.WriteInt64(3);
        writer.WriteInt64(memory.CreatedAt.UtcTicks);
        writer.WriteInt64(4);
        writer.WriteString(memory.Metadata);
        writer.WriteInt64(5);
        writer.WriteArrayHeader(memory.Versions.Length);
        foreach (VersionState version in memory.Versions) VersionCodec.WriteState(ref writer, version);
        writer.WriteInt64(6);
        writer.WriteArrayHeader(memory.Snapshots.Length);
        foreach (Snapshot snapshot in memory.Snapshots) WriteSnapshot(ref writer, snapshot);
        writer.WriteInt64(7);
        writer.Write(memory.Blocks);
    }

    private static MemoryState ReadMemory(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        MemoryUid uid = reader.ReadUid();
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        MemoryKey key = reader.ReadKey();
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        var createdAt = new HybridTimestamp(reader.ReadInt64());
        fields.Next(ref reader);
        fields.Field(ref reader, 4);
        string? metadata = reader.ReadString();
        fields.Next(ref reader);
        fields.Field(ref reader, 5);
        var versions = ImmutableArray.CreateBuilder<VersionState>(reader.ReadArrayHeader());
        for (int i = 0; i < versions.Capacity; i++) versions.Add(VersionCodec.ReadState(ref reader));
        fields.Next(ref reader);
        fields.Field(ref reader, 6);
        var snapshots = ImmutableArray.CreateBuilder<Snapshot>(reader.ReadArrayHeader());
        for (int i = 0; i < snapshots.Capacity; i++) snapshots.Add(ReadSnapshot(ref reader));
        fields.Next(ref reader);
        fields.Field(ref reader, 7);
        ImmutableArray<StoredBlock> blocks = reader.ReadBlocks();
        fields.Next(ref reader);
        fields.End(ref reader);
        return new MemoryState(uid, key, createdAt, metadata, versions.MoveToImmutable(), snapshots.MoveToImmutable(), blocks);
    }

    private static void WriteSnapshot(ref MessagePackWriter writer, Snapshot snapshot)
    {
        writer.WriteArrayHeader(3);
        writer.WriteString(snapshot.Name.Value);
        writer.WriteInt64(snapshot.Version.Value);
        writer.WriteInt64(snapshot.CreatedAt.UtcTicks);
    }

    private static Snapshot ReadSnapshot(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), 3, "snapshot");
        return new Snapshot(SnapshotName.Parse(reader.ReadString()), reader.ReadVersion(), new HybridTimestamp(reader.ReadInt64()));
    }
}
