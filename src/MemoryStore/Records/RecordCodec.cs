using System.Buffers;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Records;

/// <summary>Payloads of the manifest log, to bytes and back. docs/format.md draws every one of them.</summary>
internal static class RecordCodec
{
    public static ReadOnlyMemory<byte> Encode(ShardRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        var writer = new MessagePackWriter(buffer);
        switch (record)
        {
            case EpochOpenedRecord r: WriteEpochOpened(ref writer, r); break;
            case GenesisRecord r: WriteGenesis(ref writer, r); break;
            case MemoryCreatedRecord r: WriteMemoryCreated(ref writer, r); break;
            case MemoryErasedRecord r: CheckpointCodec.WriteErased(ref writer, r); break;
            case VersionRecord r: VersionCodec.WriteRecord(ref writer, r); break;
            case SnapshotCreatedRecord r: WriteSnapshot(ref writer, r.Name, r.Version, r.Under); break;
            case SnapshotDeletedRecord r: WriteSnapshot(ref writer, r.Name, null, r.Under); break;
            case CheckpointRecord r: CheckpointCodec.Write(ref writer, r); break;
            case MemoryAddedRecord r: StateCodec.Write(ref writer, r.State); break;
            case MemoryStateRecord r: StateCodec.Write(ref writer, r.State); break;
            case DirectoryPageRecord r: CheckpointCodec.WritePage(ref writer, r); break;
            case VersionsDroppedRecord r: ChangeCodec.WriteDropped(ref writer, r); break;
            case RelocatedRecord r: ChangeCodec.WriteRelocated(ref writer, r); break;
            case OperationAcceptedRecord r: OperationCodec.WriteAccepted(ref writer, r); break;
            case OperationEndedRecord r: OperationCodec.WriteEnded(ref writer, r); break;
            default: throw new ArgumentException($"{record.Kind} is no record of the manifest log.", nameof(record));
        }

        return buffer.WrittenMemory;
    }

    /// <exception cref="FrameFormatException">The payload is not what its kind promises.</exception>
    public static ShardRecord Decode(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        try
        {
            var reader = new MessagePackReader(payload);
            ShardRecord record = header.Kind switch
            {
                FrameKind.EpochOpened => ReadEpochOpened(ref reader),
                FrameKind.Genesis => ReadGenesis(ref reader),
                FrameKind.MemoryCreated => ReadMemoryCreated(ref reader),
                FrameKind.MemoryErased => CheckpointCodec.ReadErased(ref reader),
                FrameKind.Version => VersionCodec.ReadRecord(ref reader, header.Time),
                FrameKind.SnapshotCreated => ReadSnapshotCreated(ref reader),
                FrameKind.SnapshotDeleted => ReadSnapshotDeleted(ref reader),
                FrameKind.Checkpoint => CheckpointCodec.Read(ref reader),
                FrameKind.MemoryAdded => new MemoryAddedRecord(StateCodec.Read(ref reader)),
                FrameKind.MemoryState => new MemoryStateRecord(StateCodec.Read(ref reader)),
                FrameKind.DirectoryPage => CheckpointCodec.ReadPage(ref reader),
                FrameKind.VersionsDropped => ChangeCodec.ReadDropped(ref reader),
                FrameKind.Relocated => ChangeCodec.ReadRelocated(ref reader),
                FrameKind.OperationAccepted => OperationCodec.ReadAccepted(ref reader),
                FrameKind.OperationEnded => OperationCodec.ReadEnded(ref reader),
                _ => throw new FrameFormatException($"a {header.Kind} record has no place in a manifest log"),
            };
            return reader.IsAtEnd ? record : throw new FrameFormatException($"bytes follow the {header.Kind} record");
        }
        catch (Exception e) when (e is MessagePackFormatException or Errors.LatentDbException or ArgumentException or OverflowException)
        {
            // The checksum held, so the bytes are what was written: a writer's defect, reported as damage with the reader's words.
            throw new FrameFormatException($"the {header.Kind} record cannot be read: {e.Message}");
        }
    }

    private static void WriteEpochOpened(ref MessagePackWriter writer, EpochOpenedRecord record)
    {
        writer.WriteMapHeader(1);
        writer.WriteInt64(1);
        writer.WriteInt64(record.Epoch.Value);
    }

    private static EpochOpenedRecord ReadEpochOpened(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        var epoch = new Epoch(reader.ReadInt64());
        fields.Next(ref reader);
        fields.End(ref reader);
        return new EpochOpenedRecord(epoch);
    }

    private static void WriteGenesis(ref MessagePackWriter writer, GenesisRecord record)
    {
        writer.WriteMapHeader(3);
        writer.WriteInt64(1);
        writer.Write(record.Fingerprint);
        writer.WriteInt64(2);
        writer.Write(record.Manifest);
        writer.WriteInt64(3);
        writer.Write(record.Blocks);
    }

    private static GenesisRecord ReadGenesis(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        ModelFingerprint fingerprint = reader.ReadFingerprint();
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        Manifest manifest = reader.ReadManifest();
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        ImmutableArray<StoredBlock> blocks = reader.ReadBlocks();
        fields.Next(ref reader);
        fields.End(ref reader);
        return new GenesisRecord(fingerprint, manifest, blocks);
    }

    private static void WriteMemoryCreated(ref MessagePackWriter writer, MemoryCreatedRecord record)
    {
        writer.WriteMapHeader(record.Under is null ? 4 : 5);
        writer.WriteInt64(1);
        writer.Write(record.Key);
        writer.WriteInt64(2);
        writer.Write(record.Fingerprint);
        writer.WriteInt64(3);
        writer.WriteString(record.Metadata);
        writer.WriteInt64(4);
        writer.WriteString(record.Author);
        KeyCodec.WriteField(ref writer, 5, record.Under);
    }

    private static MemoryCreatedRecord ReadMemoryCreated(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        MemoryKey key = reader.ReadKey();
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        ModelFingerprint fingerprint = reader.ReadFingerprint();
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        string? metadata = reader.ReadString();
        fields.Next(ref reader);
        fields.Field(ref reader, 4);
        string? author = reader.ReadString();
        fields.Next(ref reader);
        WriteKey? under = KeyCodec.ReadField(ref reader, ref fields, 5);
        fields.End(ref reader);
        return new MemoryCreatedRecord(key, fingerprint, metadata, author) { Under = under };
    }

    private static void WriteSnapshot(ref MessagePackWriter writer, SnapshotName name, VersionNumber? version, WriteKey? under)
    {
        writer.WriteMapHeader(1 + (version is null ? 0 : 1) + (under is null ? 0 : 1));
        writer.WriteInt64(1);
        writer.WriteString(name.Value);
        if (version is not null)
        {
            writer.WriteInt64(2);
            writer.Write(version);
        }

        KeyCodec.WriteField(ref writer, 3, under);
    }

    private static SnapshotCreatedRecord ReadSnapshotCreated(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        SnapshotName name = SnapshotName.Parse(reader.ReadString());
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        VersionNumber version = reader.ReadVersion();
        fields.Next(ref reader);
        WriteKey? under = KeyCodec.ReadField(ref reader, ref fields, 3);
        fields.End(ref reader);
        return new SnapshotCreatedRecord(name, version) { Under = under };
    }

    private static SnapshotDeletedRecord ReadSnapshotDeleted(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        SnapshotName name = SnapshotName.Parse(reader.ReadString());
        fields.Next(ref reader);
        WriteKey? under = KeyCodec.ReadField(ref reader, ref fields, 3);
        fields.End(ref reader);
        return new SnapshotDeletedRecord(name) { Under = under };
    }
}
