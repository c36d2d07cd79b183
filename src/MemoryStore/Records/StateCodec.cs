using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Records;

/// <summary>The whole state of one memory: its own record, and that of a memory which is added at once.</summary>
internal static class StateCodec
{
    public static void Write(ref MessagePackWriter writer, MemoryState memory)
    {
        writer.WriteMapHeader(9 + (memory.Keys.IsEmpty ? 0 : 1) + (memory.Operations.IsEmpty ? 0 : 1));
        writer.WriteInt64(1);
        writer.Write(memory.Uid);
        writer.WriteInt64(2);
        writer.Write(memory.Key);
        writer.WriteInt64(3);
        writer.WriteInt64(memory.CreatedAt.UtcTicks);
        writer.WriteInt64(4);
        writer.Write(memory.Fingerprint);
        writer.WriteInt64(5);
        writer.WriteString(memory.Metadata);
        writer.WriteInt64(6);
        writer.WriteArrayHeader(memory.Versions.Length);
        foreach (VersionState version in memory.Versions) VersionCodec.WriteState(ref writer, version);
        writer.WriteInt64(7);
        WriteGaps(ref writer, memory.Gaps);
        writer.WriteInt64(8);
        writer.WriteArrayHeader(memory.Snapshots.Length);
        foreach (Snapshot snapshot in memory.Snapshots) WriteSnapshot(ref writer, snapshot);
        writer.WriteInt64(9);
        writer.Write(memory.Blocks);
        if (!memory.Keys.IsEmpty)
        {
            writer.WriteInt64(10);
            KeyCodec.WriteWrites(ref writer, memory.Keys);
        }

        if (memory.Operations.IsEmpty) return;
        writer.WriteInt64(11);
        OperationCodec.WriteStates(ref writer, memory.Operations);
    }

    public static MemoryState Read(ref MessagePackReader reader)
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
        ModelFingerprint fingerprint = reader.ReadFingerprint();
        fields.Next(ref reader);
        fields.Field(ref reader, 5);
        string? metadata = reader.ReadString();
        fields.Next(ref reader);
        fields.Field(ref reader, 6);
        var versions = ImmutableArray.CreateBuilder<VersionState>(reader.ReadArrayHeader());
        for (int i = 0; i < versions.Capacity; i++) versions.Add(VersionCodec.ReadState(ref reader));
        if (versions.Count == 0) throw new MessagePackFormatException("A memory without versions.");
        fields.Next(ref reader);
        fields.Field(ref reader, 7);
        ImmutableArray<VersionGap> gaps = ReadGaps(ref reader);
        fields.Next(ref reader);
        fields.Field(ref reader, 8);
        var snapshots = ImmutableArray.CreateBuilder<Snapshot>(reader.ReadArrayHeader());
        for (int i = 0; i < snapshots.Capacity; i++) snapshots.Add(ReadSnapshot(ref reader));
        fields.Next(ref reader);
        fields.Field(ref reader, 9);
        ImmutableArray<StoredBlock> blocks = reader.ReadBlocks();
        fields.Next(ref reader);
        ImmutableArray<KeyedWrite> keys = [];
        if (fields.TryField(ref reader, 10))
        {
            keys = KeyCodec.ReadWrites(ref reader);
            fields.Next(ref reader);
        }

        ImmutableArray<OperationState> operations = [];
        if (fields.TryField(ref reader, 11))
        {
            operations = OperationCodec.ReadStates(ref reader);
            fields.Next(ref reader);
        }

        fields.End(ref reader);
        return new MemoryState(uid, key, createdAt, fingerprint, metadata, versions.MoveToImmutable(), gaps, snapshots.MoveToImmutable(), blocks) { Keys = keys, Operations = operations };
    }

    public static void WriteGaps(ref MessagePackWriter writer, ImmutableArray<VersionGap> gaps)
    {
        writer.WriteArrayHeader(gaps.Length);
        foreach (VersionGap gap in gaps)
        {
            writer.WriteArrayHeader(3);
            writer.WriteInt64(gap.First.Value);
            writer.WriteInt64(gap.Last.Value);
            writer.WriteInt64(gap.From.UtcTicks);
        }
    }

    public static ImmutableArray<VersionGap> ReadGaps(ref MessagePackReader reader)
    {
        var gaps = ImmutableArray.CreateBuilder<VersionGap>(reader.ReadArrayHeader());
        for (int i = 0; i < gaps.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), 3, "version gap");
            var gap = new VersionGap(reader.ReadVersion(), reader.ReadVersion(), new HybridTimestamp(reader.ReadInt64()));
            if (gap.Last < gap.First || (i > 0 && gap.First <= gaps[i - 1].Last)) throw new MessagePackFormatException("Version gaps out of order.");
            gaps.Add(gap);
        }

        return gaps.MoveToImmutable();
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
