using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.Grains.Wire;

/// <summary>Injects and what they did.</summary>
internal static class InjectCodec
{
    public static void Write(ref MessagePackWriter writer, InjectCommand command)
    {
        writer.WriteMapHeader(5);
        writer.Field(1, command.Text, TextCodec.Write);
        writer.Field(2, command.Seed);
        writer.Field(3, command.ExpectedHead);
        writer.Field(4, command.Origin, OriginCodec.Write);
        writer.Field(5, command.Metadata);
    }

    public static InjectCommand ReadCommand(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var command = new InjectCommand(
            fields.Required(ref reader, 1, TextCodec.Read),
            fields.OptionalOf(ref reader, 2, ScalarValues.ReadUInt64),
            fields.OptionalOf(ref reader, 3, ScalarValues.ReadVersion),
            fields.Required(ref reader, 4, OriginCodec.Read))
        {
            Metadata = fields.Optional(ref reader, 5, ScalarValues.ReadText),
        };
        fields.End(ref reader);
        return command;
    }

    public static void Write(ref MessagePackWriter writer, InjectBatchCommand command)
    {
        writer.WriteMapHeader(3);
        writer.Field(1, command.Items, WriteItem);
        writer.Field(2, command.ExpectedHead);
        writer.Field(3, command.Origin, OriginCodec.Write);
    }

    public static InjectBatchCommand ReadBatch(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var command = new InjectBatchCommand(
            fields.Array(ref reader, 1, ReadItem, WireLimits.MaxItems),
            fields.OptionalOf(ref reader, 2, ScalarValues.ReadVersion),
            fields.Required(ref reader, 3, OriginCodec.Read));
        fields.End(ref reader);
        return command;
    }

    public static void Write(ref MessagePackWriter writer, InjectResult result)
    {
        writer.WriteMapHeader(4);
        writer.Field(1, result.Version, VersionCodec.Write);
        writer.Field(2, result.PaddedTokens);
        writer.Field(3, result.Timings, TimingsCodec.Write);
        writer.Field(4, result.IsReplay);
    }

    public static InjectResult ReadResult(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var result = new InjectResult(
            fields.Required(ref reader, 1, VersionCodec.ReadVersion),
            fields.Required(ref reader, 2, ScalarValues.ReadInt32),
            fields.Required(ref reader, 3, TimingsCodec.Read),
            fields.Required(ref reader, 4, ScalarValues.ReadBoolean));
        fields.End(ref reader);
        return result;
    }

    public static void Write(ref MessagePackWriter writer, InjectBatchResult result)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, result.Written, Write);
        writer.Field(2, result.Failure, LinkErrorCodec.Write);
    }

    public static InjectBatchResult ReadBatchResult(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var result = new InjectBatchResult(
            fields.Array(ref reader, 1, ReadResult, WireLimits.MaxItems),
            fields.Optional(ref reader, 2, LinkErrorCodec.Read));
        fields.End(ref reader);
        return result;
    }

    private static void WriteItem(ref MessagePackWriter writer, InjectItem item)
    {
        writer.WriteMapHeader(3);
        writer.Field(1, item.Text, TextCodec.Write);
        writer.Field(2, item.Seed);
        writer.Field(3, item.Metadata);
    }

    private static InjectItem ReadItem(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var item = new InjectItem(
            fields.Required(ref reader, 1, TextCodec.Read),
            fields.OptionalOf(ref reader, 2, ScalarValues.ReadUInt64),
            fields.Optional(ref reader, 3, ScalarValues.ReadText));
        fields.End(ref reader);
        return item;
    }
}
