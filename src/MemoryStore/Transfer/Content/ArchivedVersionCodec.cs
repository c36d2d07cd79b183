using System.Buffers;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Transfer.Content;

/// <summary>The payload of a version: what is known of it, one content, and its text when it was kept.</summary>
internal static class ArchivedVersionCodec
{
    private const int VersionParts = 15;
    private const int VersionField = 1;
    private const int DeltasField = 2;
    private const int ImageField = 3;
    private const int SameAsField = 4;
    private const int TextField = 5;

    public static ReadOnlyMemory<byte> Encode(ArchivedVersion record)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(1 + (record.IsGenesis ? 0 : 1) + (record.Text is null ? 0 : 1));
        writer.WriteInt64(VersionField);
        WriteVersion(ref writer, record.Version);
        WriteContent(ref writer, record);
        if (record.Text is not null)
        {
            writer.WriteInt64(TextField);
            writer.WriteString(record.Text);
        }

        return buffer.WrittenMemory;
    }

    public static ArchivedVersion Read(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, VersionField);
        MemoryVersion version = ReadVersion(ref reader);
        fields.Next(ref reader);
        ImmutableArray<ManifestDelta> deltas = [];
        Manifest? image = null;
        VersionNumber? sameAs = null;
        int contents = 0;
        if (fields.TryField(ref reader, DeltasField))
        {
            deltas = ReadDeltas(ref reader);
            fields.Next(ref reader);
            contents++;
        }

        if (fields.TryField(ref reader, ImageField))
        {
            image = reader.ReadManifest();
            fields.Next(ref reader);
            contents++;
        }

        if (fields.TryField(ref reader, SameAsField))
        {
            sameAs = reader.ReadVersion();
            fields.Next(ref reader);
            contents++;
        }

        if (contents > 1) throw new MessagePackFormatException($"Version {version.Number} has {contents} contents.");
        string? text = null;
        if (fields.TryField(ref reader, TextField))
        {
            text = reader.ReadRequiredString();
            fields.Next(ref reader);
        }

        fields.End(ref reader);
        return new ArchivedVersion(version with { HasText = text is not null }, deltas, image, sameAs, text);
    }

    private static void WriteContent(ref MessagePackWriter writer, ArchivedVersion record)
    {
        if (record.IsGenesis) return;
        if (record.SameAs is VersionNumber sameAs)
        {
            writer.WriteInt64(SameAsField);
            writer.WriteInt64(sameAs.Value);
            return;
        }

        if (record.Image is Manifest image)
        {
            writer.WriteInt64(ImageField);
            writer.Write(image);
            return;
        }

        writer.WriteInt64(DeltasField);
        writer.WriteArrayHeader(record.Deltas.Length);
        foreach (ManifestDelta delta in record.Deltas) writer.Write(delta);
    }

    private static ImmutableArray<ManifestDelta> ReadDeltas(ref MessagePackReader reader)
    {
        var deltas = ImmutableArray.CreateBuilder<ManifestDelta>(reader.ReadArrayHeader());
        if (deltas.Capacity == 0) throw new MessagePackFormatException("No deltas.");
        for (int i = 0; i < deltas.Capacity; i++) deltas.Add(reader.ReadDelta());
        return deltas.MoveToImmutable();
    }

    private static void WriteVersion(ref MessagePackWriter writer, MemoryVersion version)
    {
        writer.WriteArrayHeader(VersionParts);
        writer.WriteInt64(version.Number.Value);
        writer.Write(version.Parent);
        writer.WriteInt64((byte)version.Cause);
        writer.Write(version.RestoredFrom);
        writer.WriteInt64(version.CommittedAt.UtcTicks);
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
    }

    private static MemoryVersion ReadVersion(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), VersionParts, "version");
        return new MemoryVersion(
            reader.ReadVersion(),
            reader.ReadOptionalVersion(),
            reader.ReadCause(),
            reader.ReadOptionalVersion(),
            ArchiveCodec.ReadTime(ref reader),
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
        };
    }
}
