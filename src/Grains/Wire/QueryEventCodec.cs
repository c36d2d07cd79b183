using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Wire;

/// <summary>Steps of an answer: which one it is, then its value.</summary>
internal static class QueryEventCodec
{
    private const int StartedKind = 1;
    private const int TextKind = 2;
    private const int CompletedKind = 3;

    public static void Write(ref MessagePackWriter writer, QueryEvent step)
    {
        writer.WriteMapHeader(1);
        switch (step)
        {
            case QueryStarted started: writer.Field(StartedKind, started.Version.Value); break;
            case QueryGenerated { Event: GeneratedText text }: writer.Field(TextKind, text.Text); break;
            case QueryGenerated { Event: GenerationCompleted completed }: writer.Field(CompletedKind, completed, WriteCompleted); break;
            default: throw new ArgumentException($"{step.GetType().Name} has no form on the wire.", nameof(step));
        }
    }

    public static QueryEvent Read(ref MessagePackReader reader)
    {
        if (reader.ReadMapHeader() != 1) throw new MessagePackFormatException("A step of an answer is one of its kinds.");
        int kind = reader.ReadInt32();
        return kind switch
        {
            StartedKind => new QueryStarted(ScalarValues.ReadVersion(ref reader)),
            TextKind => new QueryGenerated(new GeneratedText(reader.ReadRequiredString())),
            CompletedKind => new QueryGenerated(ReadCompleted(ref reader)),
            _ => throw new MessagePackFormatException($"{kind} is no kind of step."),
        };
    }

    private static void WriteCompleted(ref MessagePackWriter writer, GenerationCompleted completed)
    {
        writer.WriteMapHeader(6);
        writer.Field(1, (long)completed.Reason);
        writer.Field(2, completed.Usage.PromptTokens);
        writer.Field(3, completed.Usage.CompletionTokens);
        writer.Field(4, completed.Retrieved.RowsPerLayer, ScalarValues.Write);
        writer.Field(5, completed.Retrieved.Blocks, WriteBlock);
        writer.Field(6, completed.Timings, TimingsCodec.Write);
    }

    private static GenerationCompleted ReadCompleted(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var completed = new GenerationCompleted(
            fields.Required(ref reader, 1, ReadReason),
            new TokenUsage(fields.Required(ref reader, 2, ScalarValues.ReadInt32), fields.Required(ref reader, 3, ScalarValues.ReadInt32)),
            new RetrievalReport(
                fields.Array(ref reader, 4, ScalarValues.ReadInt32, WireLimits.MaxLayers),
                fields.Array(ref reader, 5, ReadBlock, WireLimits.MaxOfMemory)),
            fields.Required(ref reader, 6, TimingsCodec.Read));
        fields.End(ref reader);
        return completed;
    }

    private static FinishReason ReadReason(ref MessagePackReader reader)
    {
        int reason = reader.ReadInt32();
        return reason is (int)FinishReason.Stop or (int)FinishReason.Length ? (FinishReason)reason : throw new MessagePackFormatException($"{reason} is no reason to end.");
    }

    private static void WriteBlock(ref MessagePackWriter writer, RetrievedBlock block)
    {
        writer.WriteMapHeader(3);
        writer.Field(1, block.Block, ScalarValues.Write);
        writer.Field(2, block.WrittenAt);
        writer.Field(3, block.Rows);
    }

    private static RetrievedBlock ReadBlock(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var block = new RetrievedBlock(
            fields.Required(ref reader, 1, ScalarValues.ReadBlock),
            fields.Required(ref reader, 2, ScalarValues.ReadInt64),
            fields.Required(ref reader, 3, ScalarValues.ReadInt32));
        fields.End(ref reader);
        return block;
    }
}
