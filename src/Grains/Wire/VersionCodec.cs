using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Wire;

/// <summary>Versions, snapshots and memories as listings tell of them.</summary>
internal static class VersionCodec
{
    public static void Write(ref MessagePackWriter writer, MemoryVersion version)
    {
        writer.WriteMapHeader(16);
        writer.Field(1, version.Number.Value);
        writer.Field(2, version.Parent);
        writer.Field(3, (long)version.Cause);
        writer.Field(4, version.RestoredFrom);
        writer.Field(5, version.CommittedAt, ScalarValues.Write);
        writer.Field(6, version.Fingerprint, ScalarCodec.Write);
        writer.Field(7, (ulong?)version.Seed);
        writer.Field(8, version.Tokens);
        writer.Field(9, version.Chunks);
        writer.Field(10, version.Writes);
        writer.Field(11, version.BlockBytes);
        writer.Field(12, version.OperationId);
        writer.Field(13, version.Author);
        writer.Field(14, version.Metadata);
        writer.Field(15, version.ForkedFrom, ScalarCodec.Write);
        writer.Field(16, version.HasText);
    }

    public static MemoryVersion ReadVersion(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var version = new MemoryVersion(
            fields.Required(ref reader, 1, ScalarValues.ReadVersion),
            fields.OptionalOf(ref reader, 2, ScalarValues.ReadVersion),
            fields.Required(ref reader, 3, ScalarCodec.ReadCause),
            fields.OptionalOf(ref reader, 4, ScalarValues.ReadVersion),
            fields.Required(ref reader, 5, ScalarValues.ReadTime),
            fields.Required(ref reader, 6, ScalarCodec.ReadFingerprint),
            fields.Required(ref reader, 7, ScalarValues.ReadUInt64),
            fields.Required(ref reader, 8, ScalarValues.ReadInt32),
            fields.Required(ref reader, 9, ScalarValues.ReadInt32),
            fields.Required(ref reader, 10, ScalarValues.ReadInt64),
            fields.Required(ref reader, 11, ScalarValues.ReadInt64),
            fields.Optional(ref reader, 12, ScalarValues.ReadText))
        {
            Author = fields.Optional(ref reader, 13, ScalarValues.ReadText),
            Metadata = fields.Optional(ref reader, 14, ScalarValues.ReadText),
            ForkedFrom = fields.Optional(ref reader, 15, ReadForkSource),
            HasText = fields.Required(ref reader, 16, ScalarValues.ReadBoolean),
        };
        fields.End(ref reader);
        return version;
    }

    public static void Write(ref MessagePackWriter writer, Snapshot snapshot)
    {
        writer.WriteMapHeader(3);
        writer.Field(1, snapshot.Name.Value);
        writer.Field(2, snapshot.Version.Value);
        writer.Field(3, snapshot.CreatedAt, ScalarValues.Write);
    }

    public static Snapshot ReadSnapshot(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var snapshot = new Snapshot(
            fields.Required(ref reader, 1, ScalarValues.ReadSnapshotName),
            fields.Required(ref reader, 2, ScalarValues.ReadVersion),
            fields.Required(ref reader, 3, ScalarValues.ReadTime));
        fields.End(ref reader);
        return snapshot;
    }

    public static void Write(ref MessagePackWriter writer, MemorySummary summary)
    {
        writer.WriteMapHeader(8);
        writer.Field(1, summary.Key, ScalarValues.Write);
        writer.Field(2, summary.Uid, ScalarValues.Write);
        writer.Field(3, summary.CreatedAt, ScalarValues.Write);
        writer.Field(4, summary.Head, Write);
        writer.Field(5, summary.Metadata);
        writer.Field(6, summary.OwnedBytes);
        writer.Field(7, summary.Bytes);
        writer.Field(8, summary.Versions);
    }

    public static MemorySummary ReadSummary(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var summary = new MemorySummary(
            fields.Required(ref reader, 1, ScalarValues.ReadKey),
            fields.Required(ref reader, 2, ScalarValues.ReadUid),
            fields.Required(ref reader, 3, ScalarValues.ReadTime),
            fields.Required(ref reader, 4, ReadVersion),
            fields.Optional(ref reader, 5, ScalarValues.ReadText),
            fields.Required(ref reader, 6, ScalarValues.ReadInt64))
        {
            Bytes = fields.Required(ref reader, 7, ScalarValues.ReadInt64),
            Versions = fields.Required(ref reader, 8, ScalarValues.ReadInt32),
        };
        fields.End(ref reader);
        return summary;
    }

    public static void Write(ref MessagePackWriter writer, TenantUsage usage)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, usage.Memories);
        writer.Field(2, usage.Bytes);
    }

    public static TenantUsage ReadUsage(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var usage = new TenantUsage(fields.Required(ref reader, 1, ScalarValues.ReadInt64), fields.Required(ref reader, 2, ScalarValues.ReadInt64));
        fields.End(ref reader);
        return usage;
    }

    private static ForkSource ReadForkSource(ref MessagePackReader reader) =>
        ScalarCodec.ReadForkSource(ref reader) ?? throw new MessagePackFormatException("Nil where a fork's source must stand.");
}
