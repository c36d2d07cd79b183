using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Wire;

/// <summary>Questions.</summary>
internal static class QueryCodec
{
    public static void Write(ref MessagePackWriter writer, QueryCommand command)
    {
        writer.WriteMapHeader(4);
        writer.Field(1, command.Prompt, TextCodec.Write);
        writer.Field(2, command.Options, WriteOptions);
        writer.Field(3, command.At, OriginCodec.WriteSelector);
        writer.Field(4, command.ReadsBank);
    }

    public static QueryCommand Read(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var command = new QueryCommand(
            fields.Required(ref reader, 1, TextCodec.Read),
            fields.Required(ref reader, 2, ReadOptions),
            fields.Required(ref reader, 3, OriginCodec.ReadSelector),
            fields.Required(ref reader, 4, ScalarValues.ReadBoolean));
        fields.End(ref reader);
        return command;
    }

    private static void WriteOptions(ref MessagePackWriter writer, GenerationOptions options)
    {
        writer.WriteMapHeader(7);
        writer.Field(1, options.MaxTokens);
        writer.Field(2, options.Temperature, ScalarValues.Write);
        writer.Field(3, options.TopP, ScalarValues.Write);
        writer.Field(4, options.TopK);
        writer.Field(5, options.RepetitionPenalty, ScalarValues.Write);
        writer.Field(6, (ulong?)options.Seed);
        writer.Field(7, options.Stop, ScalarValues.Write);
    }

    private static GenerationOptions ReadOptions(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var options = new GenerationOptions
        {
            MaxTokens = fields.Required(ref reader, 1, ScalarValues.ReadInt32),
            Temperature = fields.Required(ref reader, 2, ScalarValues.ReadSingle),
            TopP = fields.Required(ref reader, 3, ScalarValues.ReadSingle),
            TopK = fields.Required(ref reader, 4, ScalarValues.ReadInt32),
            RepetitionPenalty = fields.Required(ref reader, 5, ScalarValues.ReadSingle),
            Seed = fields.Required(ref reader, 6, ScalarValues.ReadUInt64),
            Stop = fields.Array(ref reader, 7, ScalarValues.ReadText, WireLimits.MaxStops),
        };
        fields.End(ref reader);
        return options;
    }
}
