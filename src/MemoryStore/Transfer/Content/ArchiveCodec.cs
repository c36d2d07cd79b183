using System.Buffers;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Transfer.Archives;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Transfer.Content;

/// <summary>Payloads of an archive's records but versions, to bytes and back. docs/archive.md draws every one of them.</summary>
internal static class ArchiveCodec
{
    /// <summary>Layers that a model may have: five times those of the deepest that is known.</summary>
    private const int MaxLayers = 1024;

    private delegate T PayloadReader<out T>(ref MessagePackReader reader);

    public static ReadOnlyMemory<byte> Encode(ArchivedMemory memory)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(8);
        writer.WriteInt64(1);
        writer.Write(memory.Key);
        writer.WriteInt64(2);
        writer.WriteInt64(memory.CreatedAt.UtcTicks);
        writer.WriteInt64(3);
        writer.Write(memory.Fingerprint);
        writer.WriteInt64(4);
        writer.WriteString(memory.Metadata);
        writer.WriteInt64(5);
        writer.WriteInt64(memory.Layers);
        writer.WriteInt64(6);
        writer.WriteInt64((int)memory.Extent);
        writer.WriteInt64(7);
        writer.WriteInt64(memory.Head.Value);
        writer.WriteInt64(8);
        writer.WriteInt64(memory.Versions);
        return buffer.WrittenMemory;
    }

    public static ReadOnlyMemory<byte> Encode(ArchivedBlock block)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(3);
        writer.WriteInt64(1);
        writer.Write(block.Id.Owner);
        writer.WriteInt64(2);
        writer.WriteInt64(block.Id.Sequence);
        writer.WriteInt64(3);
        writer.WriteInt64(block.Slices);
        return buffer.WrittenMemory;
    }

    public static ReadOnlyMemory<byte> Encode(VersionGap gap)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(3);
        writer.WriteInt64(1);
        writer.WriteInt64(gap.First.Value);
        writer.WriteInt64(2);
        writer.WriteInt64(gap.Last.Value);
        writer.WriteInt64(3);
        writer.WriteInt64(gap.From.UtcTicks);
        return buffer.WrittenMemory;
    }

    public static ReadOnlyMemory<byte> Encode(Snapshot snapshot)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(3);
        writer.WriteInt64(1);
        writer.WriteString(snapshot.Name.Value);
        writer.WriteInt64(2);
        writer.WriteInt64(snapshot.Version.Value);
        writer.WriteInt64(3);
        writer.WriteInt64(snapshot.CreatedAt.UtcTicks);
        return buffer.WrittenMemory;
    }

    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public static ArchivedMemory DecodeMemory(ReadOnlyMemory<byte> payload) => Decode(payload, "memory", ReadMemory);

    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public static ArchivedBlock DecodeBlock(ReadOnlyMemory<byte> payload) => Decode(payload, "block", ReadBlock);

    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public static VersionGap DecodeGap(ReadOnlyMemory<byte> payload) => Decode(payload, "gap", ReadGap);

    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public static Snapshot DecodeSnapshot(ReadOnlyMemory<byte> payload) => Decode(payload, "snapshot", ReadSnapshot);

    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public static ArchivedVersion DecodeVersion(ReadOnlyMemory<byte> payload) => Decode(payload, "version", ArchivedVersionCodec.Read);

    /// <summary>A slice of <paramref name="block"/>; shares the payload's memory.</summary>
    /// <exception cref="LatentDbException">archive_invalid.</exception>
    public static BlockSlice DecodeSlice(BlockId block, ReadOnlyMemory<byte> payload)
    {
        try
        {
            SliceAddress stated = ReadAddress(block.Owner, payload.Span);
            if (stated.Block != block) throw new FrameFormatException($"it is of block {stated.Block}");
            return BlockSliceCodec.Decode(stated, payload);
        }
        catch (Exception e) when (e is FrameFormatException or MessagePackFormatException)
        {
            throw ArchiveErrors.Invalid($"holds a slice of block {block} that cannot be read: {e.Message}", e);
        }
    }

    /// <summary>What a slice says about itself, owner apart.</summary>
    private static SliceAddress ReadAddress(MemoryUid owner, ReadOnlySpan<byte> payload)
    {
        var reader = new MessagePackReader(payload);
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        long sequence = reader.ReadInt64();
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        int layer = reader.ReadInt32();
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        int part = reader.ReadInt32();
        if (part is not ((int)SlicePart.Read or (int)SlicePart.Hidden)) throw new MessagePackFormatException($"part {part} is not known");
        return new SliceAddress(new BlockId(owner, sequence), layer, (SlicePart)part);
    }

    private static T Decode<T>(ReadOnlyMemory<byte> payload, string noun, PayloadReader<T> read)
    {
        try
        {
            var reader = new MessagePackReader(payload.Span);
            T record = read(ref reader);
            return reader.IsAtEnd ? record : throw new MessagePackFormatException("Bytes follow it.");
        }
        catch (Exception e) when (e is MessagePackFormatException or LatentDbException or ArgumentException or OverflowException)
        {
            throw ArchiveErrors.Invalid($"holds a {noun} record that cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }

    private static ArchivedMemory ReadMemory(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        MemoryKey key = reader.ReadKey();
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        HybridTimestamp createdAt = ReadTime(ref reader);
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        ModelFingerprint fingerprint = reader.ReadFingerprint();
        fields.Next(ref reader);
        fields.Field(ref reader, 4);
        string? metadata = reader.ReadString();
        fields.Next(ref reader);
        fields.Field(ref reader, 5);
        int layers = reader.ReadInt32();
        fields.Next(ref reader);
        fields.Field(ref reader, 6);
        var extent = (ArchiveExtent)reader.ReadInt32();
        fields.Next(ref reader);
        fields.Field(ref reader, 7);
        VersionNumber head = reader.ReadVersion();
        fields.Next(ref reader);
        fields.Field(ref reader, 8);
        long versions = reader.ReadInt64();
        fields.Next(ref reader);
        fields.End(ref reader);
        if (layers is < 1 or > MaxLayers) throw new MessagePackFormatException($"{layers} layers.");
        if (extent is not (ArchiveExtent.AllVersions or ArchiveExtent.OneVersion)) throw new MessagePackFormatException($"Extent {(int)extent} is not known.");
        if (versions < 1 || (extent == ArchiveExtent.OneVersion && versions != 1)) throw new MessagePackFormatException($"{versions} versions.");
        return new ArchivedMemory(key, createdAt, fingerprint, metadata, layers, extent, head, versions);
    }

    private static ArchivedBlock ReadBlock(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        MemoryUid owner = reader.ReadUid();
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        long sequence = reader.ReadInt64();
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        int slices = reader.ReadInt32();
        fields.Next(ref reader);
        fields.End(ref reader);
        return slices >= 1 ? new ArchivedBlock(new BlockId(owner, sequence), slices) : throw new MessagePackFormatException($"{slices} slices.");
    }

    private static VersionGap ReadGap(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        VersionNumber first = reader.ReadVersion();
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        VersionNumber last = reader.ReadVersion();
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        HybridTimestamp from = ReadTime(ref reader);
        fields.Next(ref reader);
        fields.End(ref reader);
        return last >= first ? new VersionGap(first, last, from) : throw new MessagePackFormatException($"A gap from {first} to {last}.");
    }

    private static Snapshot ReadSnapshot(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        SnapshotName name = SnapshotName.Parse(reader.ReadString());
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        VersionNumber version = reader.ReadVersion();
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        HybridTimestamp createdAt = ReadTime(ref reader);
        fields.Next(ref reader);
        fields.End(ref reader);
        return new Snapshot(name, version, createdAt);
    }

    internal static HybridTimestamp ReadTime(ref MessagePackReader reader)
    {
        long ticks = reader.ReadInt64();
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks ? new HybridTimestamp(ticks) : throw new MessagePackFormatException($"{ticks} is no time.");
    }
}
