using System.Buffers;
using System.Collections.Immutable;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Remote.Codecs;

/// <summary>What a model silo answers: steps of an answer, outcomes of injects.</summary>
internal static class AnswerCodec
{
    private const int CompletedParts = 6;
    private const int OutcomeParts = 5;

    /// <summary>A piece of text is a string, the end an array.</summary>
    public static void Write(IBufferWriter<byte> buffer, GenerationEvent step)
    {
        var writer = new MessagePackWriter(buffer);
        switch (step)
        {
            case GeneratedText text:
                writer.WriteArrayHeader(1);
                writer.WriteString(text.Text);
                break;
            case GenerationCompleted end:
                writer.WriteArrayHeader(CompletedParts);
                writer.WriteInt64((int)end.Reason);
                writer.WriteInt64(end.Usage.PromptTokens);
                writer.WriteInt64(end.Usage.CompletionTokens);
                writer.WriteArrayHeader(end.Retrieved.RowsPerLayer.Length);
                foreach (int rows in end.Retrieved.RowsPerLayer) writer.WriteInt64(rows);
                writer.WriteArrayHeader(end.Retrieved.Blocks.Length);
                foreach (RetrievedBlock block in end.Retrieved.Blocks) WriteRetrieved(ref writer, block);
                WriteTimings(ref writer, end.Timings);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(step));
        }
    }

    public static GenerationEvent ReadEvent(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        int parts = reader.ReadArrayHeader();
        if (parts == 1) return new GeneratedText(reader.ReadRequiredString());
        ScalarCodec.Expect(parts, CompletedParts, "end of an answer");
        var reason = (FinishReason)reader.ReadInt32();
        if (!Enum.IsDefined(reason)) throw new MessagePackFormatException($"{(int)reason} is no reason to end.");
        var usage = new TokenUsage(reader.ReadInt32(), reader.ReadInt32());
        var rows = ImmutableArray.CreateBuilder<int>(reader.ReadArrayHeader());
        for (int i = 0; i < rows.Capacity; i++) rows.Add(reader.ReadInt32());
        var blocks = ImmutableArray.CreateBuilder<RetrievedBlock>(reader.ReadArrayHeader());
        for (int i = 0; i < blocks.Capacity; i++) blocks.Add(ReadRetrieved(ref reader));
        return new GenerationCompleted(reason, usage, new RetrievalReport(rows.MoveToImmutable(), blocks.MoveToImmutable()), ReadTimings(ref reader));
    }

    /// <param name="buffer">Receives it.</param>
    /// <param name="outcome">What was written.</param>
    /// <param name="slices">Slices that were sent for it: the receiver counts them.</param>
    public static void Write(IBufferWriter<byte> buffer, InjectOutcome outcome, int slices)
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(OutcomeParts);
        writer.WriteArrayHeader(outcome.Deltas.Length);
        foreach (ManifestDelta delta in outcome.Deltas) writer.Write(delta);
        writer.WriteInt64(outcome.Tokens);
        writer.WriteInt64(outcome.PaddedTokens);
        WriteTimings(ref writer, outcome.Timings);
        writer.WriteInt64(slices);
    }

    public static (InjectOutcome Outcome, int Slices) ReadOutcome(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        ScalarCodec.Expect(reader.ReadArrayHeader(), OutcomeParts, "outcome");
        var deltas = ImmutableArray.CreateBuilder<ManifestDelta>(reader.ReadArrayHeader());
        for (int i = 0; i < deltas.Capacity; i++) deltas.Add(reader.ReadDelta());
        var outcome = new InjectOutcome(deltas.MoveToImmutable(), reader.ReadInt32(), reader.ReadInt32(), ReadTimings(ref reader));
        return (outcome, reader.ReadInt32());
    }

    private static void WriteRetrieved(ref MessagePackWriter writer, RetrievedBlock block)
    {
        writer.WriteArrayHeader(3);
        BlockCodec.Write(ref writer, block.Block);
        writer.WriteInt64(block.WrittenAt);
        writer.WriteInt64(block.Rows);
    }

    private static RetrievedBlock ReadRetrieved(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), 3, "retrieved block");
        return new RetrievedBlock(BlockCodec.Read(ref reader), reader.ReadInt64(), reader.ReadInt32());
    }

    /// <summary>Ticks of 100 ns, in the order of the record.</summary>
    private static void WriteTimings(ref MessagePackWriter writer, StageTimings timings)
    {
        writer.WriteArrayHeader(8);
        writer.WriteInt64(timings.Queue.Ticks);
        writer.WriteInt64(timings.Tokenize.Ticks);
        writer.WriteInt64(timings.PageIn.Ticks);
        writer.WriteInt64(timings.Encode.Ticks);
        writer.WriteInt64(timings.Prefill.Ticks);
        writer.WriteInt64(timings.Decode.Ticks);
        writer.WriteInt64(timings.Stage.Ticks);
        writer.WriteInt64(timings.Commit.Ticks);
    }

    private static StageTimings ReadTimings(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), 8, "set of timings");
        return new StageTimings
        {
            Queue = new TimeSpan(reader.ReadInt64()),
            Tokenize = new TimeSpan(reader.ReadInt64()),
            PageIn = new TimeSpan(reader.ReadInt64()),
            Encode = new TimeSpan(reader.ReadInt64()),
            Prefill = new TimeSpan(reader.ReadInt64()),
            Decode = new TimeSpan(reader.ReadInt64()),
            Stage = new TimeSpan(reader.ReadInt64()),
            Commit = new TimeSpan(reader.ReadInt64()),
        };
    }
}
