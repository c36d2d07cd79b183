using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.MemoryStore.Records;

/// <summary>Versions, as their own record and inside the state of a memory.</summary>
internal static class VersionCodec
{
    private const int VersionParts = 15;

    public static void WriteRecord(ref MessagePackWriter writer, VersionRecord record)
    {
        writer.WriteMapHeader(3 + (record.Text is null ? 0 : 1) + (record.Digest is null ? 0 : 1) + (record.Step is null ? 0 : 1));
        writer.WriteInt64(1);
        WriteVersion(ref writer, record.Version);
        writer.WriteInt64(ContentKey(record));
        if (record.SameAs is not null) writer.Write(record.SameAs);
        else if (record.Image is not null) writer.Write(record.Image);
        else WriteDeltas(ref writer, record.Deltas);
        writer.WriteInt64(5);
        writer.Write(record.Blocks);
        if (record.Text is not null)
        {
            writer.WriteInt64(6);
            writer.WriteString(record.Text);
        }

        if (record.Digest is not null)
        {
            writer.WriteInt64(7);
            KeyCodec.Write(ref writer, record.Digest);
        }

        if (record.Step is null) return;
        writer.WriteInt64(8);
        OperationCodec.Write(ref writer, record.Step);
    }

    public static VersionRecord ReadRecord(ref MessagePackReader reader, HybridTimestamp time)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        MemoryVersion version = ReadVersion(ref reader) with { CommittedAt = time };
        fields.Next(ref reader);
        ImmutableArray<ManifestDelta> deltas = [];
        Manifest? image = null;
        VersionNumber? sameAs = null;
        if (fields.TryField(ref reader, 2)) deltas = ReadDeltas(ref reader);
        else if (fields.TryField(ref reader, 3)) image = reader.ReadManifest();
        else if (fields.TryField(ref reader, 4)) sameAs = reader.ReadVersion();
        else throw new MessagePackFormatException("A version without content.");
        fields.Next(ref reader);
        fields.Field(ref reader, 5);
        ImmutableArray<StoredBlock> blocks = reader.ReadBlocks();
        fields.Next(ref reader);
        string? text = null;
        if (fields.TryField(ref reader, 6))
        {
            text = reader.ReadString();
            fields.Next(ref reader);
        }

        RequestDigest? digest = null;
        if (fields.TryField(ref reader, 7))
        {
            digest = KeyCodec.ReadDigest(ref reader);
            fields.Next(ref reader);
        }

        OperationStep? step = null;
        if (fields.TryField(ref reader, 8))
        {
            step = OperationCodec.ReadStep(ref reader);
            fields.Next(ref reader);
        }

        fields.End(ref reader);
        return new VersionRecord(version, deltas, image, sameAs, blocks, text) { Digest = digest, Step = step };
    }

    /// <summary>A version as the index keeps it: its time is written too.</summary>
    public static void WriteState(ref MessagePackWriter writer, VersionState state)
    {
        writer.WriteArrayHeader(6);
        WriteVersion(ref writer, state.Version);
        writer.WriteInt64(state.Version.CommittedAt.UtcTicks);
        writer.WriteInt64((byte)state.Content);
        writer.Write(state.SameAs);
        if (state.Location is null) writer.WriteNil();
        else writer.Write(state.Location);
        writer.WriteInt64(state.Depth);
    }

    public static VersionState ReadState(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), 6, "version state");
        MemoryVersion version = ReadVersion(ref reader) with { CommittedAt = new HybridTimestamp(reader.ReadInt64()) };
        var content = (ContentKind)reader.ReadInt32();
        VersionNumber? sameAs = reader.ReadOptionalVersion();
        RecordLocation? location = reader.TryReadNil() ? null : reader.ReadLocation();
        int depth = reader.ReadInt32();
        Check(content, sameAs, location);
        return new VersionState(version, content, sameAs, location, depth);
    }

    private static void Check(ContentKind content, VersionNumber? sameAs, RecordLocation? location)
    {
        bool holds = content switch
        {
            ContentKind.Genesis => location is null && sameAs is null,
            ContentKind.Deltas or ContentKind.Image => location is not null && sameAs is null,
            ContentKind.SameAs => location is null && sameAs is not null,
            _ => false,
        };
        if (!holds) throw new MessagePackFormatException($"Content kind {(byte)content} does not fit what stands beside it.");
    }

    private static void WriteVersion(ref MessagePackWriter writer, MemoryVersion version)
    {
        writer.WriteArrayHeader(VersionParts);
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
        writer.WriteString(version.OperationId);
        writer.WriteString(version.Author);
        writer.WriteString(version.Metadata);
        writer.Write(version.ForkedFrom);
        writer.WriteBoolean(version.HasText);
    }

    private static MemoryVersion ReadVersion(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), VersionParts, "version");
        return new MemoryVersion(
            reader.ReadVersion(),
            reader.ReadOptionalVersion(),
            reader.ReadCause(),
            reader.ReadOptionalVersion(),
            default,
            reader.ReadFingerprint(),
            reader.ReadUInt64(),
            reader.ReadInt32(),
            reader.ReadInt32(),
            reader.ReadInt64(),
            reader.ReadInt64(),
            reader.ReadString())
        {
            Author = reader.ReadString(),
            Metadata = reader.ReadString(),
            ForkedFrom = reader.ReadForkSource(),
            HasText = reader.ReadBoolean(),
        };
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
