using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Wire;

/// <summary>Who asks for a write, and what <c>at</c> means.</summary>
internal static class OriginCodec
{
    private const int HeadKind = 0;
    private const int NumberKind = 1;
    private const int TimeKind = 2;
    private const int SnapshotKind = 3;

    public static void Write(ref MessagePackWriter writer, WriteOrigin origin)
    {
        writer.WriteMapHeader(3);
        writer.Field(1, origin.OperationId);
        writer.Field(2, origin.Author);
        writer.FieldOf(3, origin.Digest?.Value, ScalarValues.Write);
    }

    public static WriteOrigin Read(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var origin = new WriteOrigin(fields.Optional(ref reader, 1, ScalarValues.ReadText), fields.Optional(ref reader, 2, ScalarValues.ReadText))
        {
            Digest = fields.OptionalOf(ref reader, 3, ScalarValues.ReadWide) is UInt128 digest ? new RequestDigest(digest) : null,
        };
        fields.End(ref reader);
        return origin;
    }

    public static void WriteSelector(ref MessagePackWriter writer, VersionSelector selector)
    {
        writer.WriteArrayHeader(2);
        switch (selector)
        {
            case VersionSelector.NumberSelector number:
                writer.WriteInt64(NumberKind);
                writer.WriteInt64(number.Number.Value);
                break;
            case VersionSelector.TimeSelector time:
                writer.WriteInt64(TimeKind);
                writer.WriteInt64(time.Time.UtcTicks);
                break;
            case VersionSelector.SnapshotSelector snapshot:
                writer.WriteInt64(SnapshotKind);
                writer.WriteString(snapshot.Name.Value);
                break;
            default:
                writer.WriteInt64(HeadKind);
                writer.WriteNil();
                break;
        }
    }

    public static VersionSelector ReadSelector(ref MessagePackReader reader)
    {
        int parts = reader.ReadArrayHeader();
        if (parts != 2) throw new MessagePackFormatException($"A version selector has 2 parts, not {parts}.");
        int kind = reader.ReadInt32();
        switch (kind)
        {
            case NumberKind: return new VersionSelector.NumberSelector(ScalarValues.ReadVersion(ref reader));
            case TimeKind: return new VersionSelector.TimeSelector(ReadTime(reader.ReadInt64()));
            case SnapshotKind: return new VersionSelector.SnapshotSelector(ScalarValues.ReadSnapshotName(ref reader));
            case HeadKind:
                reader.Skip();
                return VersionSelector.Head;
            default: throw new MessagePackFormatException($"{kind} is no kind of version selector.");
        }
    }

    private static DateTimeOffset ReadTime(long ticks) => ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks
        ? new DateTimeOffset(ticks, TimeSpan.Zero)
        : throw new MessagePackFormatException($"{ticks} ticks are no time.");
}
