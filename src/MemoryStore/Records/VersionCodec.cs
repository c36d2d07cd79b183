using System.Collections.Immutable;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Records;

/// <summary>Versions, as their own record and inside a checkpoint.</summary>
internal static class VersionCodec
{
    public static void WriteRecord(ref MessagePackWriter writer, VersionRecord record)
    {
        writer.WriteMapHeader(3);
        writer.WriteInt64(1);
        WriteVersion(ref writer, record.Version);
        writer.WriteInt64(ContentKey(record));
        if (record.SameAs is not null) writer.Write(record.SameAs);
        else if (record.Image is not null) writer.Write(record.Image);
        else WriteDeltas(ref writer, record.Deltas);
        writer.WriteInt64(5);
        writer.Write(record.Blocks);
    }

    public static VersionRecord ReadRecord(ref MessagePackReader reader, HybridTimestamp time, string? operationId)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        MemoryVersion version = ReadVersion(ref reader) with { CommittedAt = time, OperationId = operationId };
        fields.Next(ref reader);
        ImmutableArray<ManifestDelta> deltas = [];
        Manifest? image = null;
        Identity.VersionNumber? sameAs = null;
        if (fields.TryField(ref reader, 2)) deltas = ReadDeltas(ref reader);
        else if (fields.TryField(ref reader, 3)) image = reader.ReadManifest();
        else if (fields.TryField(ref reader, 4)) sameAs = reader.ReadVersion();
        else throw new MessagePackFormatException("A version without content.");
        fields.Next(ref reader);
        fields.Field(ref reader, 5);
        ImmutableArray<StoredBlock> blocks = reader.ReadBlocks();
        fields.Next(ref reader);
        fields.End(ref reader);
        return new VersionRecord(version, deltas, image, sameAs, blocks);
    }

    public static void WriteState(ref MessagePackWriter writer, VersionState state)
    {
        writer.WriteMapHeader(7);
        writer.WriteInt64(1);
        WriteVersion(ref writer, state.Version);
        writer.WriteInt64(2);
        writer.WriteInt64(state.Version.CommittedAt.UtcTicks);
        writer.WriteInt64(3);
        writer.WriteString(state.Version.OperationId);
        writer.WriteInt64(4);
        writer.WriteInt64((byte)state.Content);
        writer.WriteInt64(5);
        writer.Write(state.SameAs);
        writer.WriteInt64(6);
        if (state.Location is null) writer.WriteNil();
        else writer.Write(state.Location);
        writer.WriteInt64(7);
        writer.WriteInt64(state.Depth);
    }

    public static VersionState ReadState(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        MemoryVersion version = ReadVersion(ref reader);
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        version = version with { CommittedAt = new HybridTimestamp(reader.ReadInt64()) };
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        version = version with { OperationId = reader.ReadString() };
        fields.Next(ref reader);
        fields.Field(ref reader, 4);
        var content = (ContentKind)reader.ReadInt32();
        fields.Next(ref reader);
        fields.Field(ref reader, 5);
        Identity.VersionNumber? sameAs = reader.ReadOptionalVersion();
        fields.Next(ref reader);
        fields.Field(ref reader, 6);
        RecordLocation? location = reader.TryReadNil() ? null : reader.ReadLocation();
        fields.Next(ref reader);
        fields.Field(ref reader, 7);
        int depth = reader.ReadInt32();
        fields.Next(ref reader);
        fields.End(ref reader);
        return new VersionState(version, content, sameAs, location, depth);
    }

    private static void WriteVersion(ref MessagePackWriter writer, MemoryVersion version)
    {
        writer.WriteArrayHeader(10);
        writer.WriteInt64(version.Number.Value);
        writer.Write(version.Parent);
        writer.WriteInt64((byte)version.Cause);
        writer.Write(version.RestoredFrom);
        writer.Write(version.Fingerprint);
        writer.WriteUInt64(version.Seed);
        writer.WriteInt64(version.Tokens);
        writer.WriteInt64(version.Chunks);
        writer.WriteInt64(version.Writes);
        writer.WriteInt64(version.BlockBytes);
    }

    private static MemoryVersion ReadVersion(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), 10, "version");
        return new MemoryVersion(
            reader.ReadVersion(),
            reader.ReadOptionalVersion(),
            (VersionCause)reader.ReadInt32(),
            reader.ReadOptionalVersion(),
            default,
            reader.ReadFingerprint(),
            reader.ReadUInt64(),
            reader.ReadInt32(),
            reader.ReadInt32(),
            reader.ReadInt64(),
            reader.ReadInt64(),
            OperationId: null);
    }

    private static int ContentKey(VersionRecord record) => record.SameAs is not null ? 4 : record.Image is not null ? 3 : 2;

    private static void WriteDeltas(ref MessagePackWriter writer, ImmutableArray<ManifestDelta> deltas)
    {
        writer.WriteArrayHeader(deltas.Length);
        foreach (ManifestDelta delta in deltas) writer.Write(delta);
    }

    private static ImmutableArray<ManifestDelta> ReadDeltas(ref MessagePackReader reader)
    {
        var deltas = ImmutableArray.CreateBuilder<ManifestDelta>(reader.ReadArrayHeader());
        for (int i = 0; i < deltas.Capacity; i++) deltas.Add(reader.ReadDelta());
        return deltas.MoveToImmutable();
    }
}
