using LatentDb.MemoryStore.MessagePack;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Wire;

/// <summary>Time per stage, in ticks of 100 ns.</summary>
internal static class TimingsCodec
{
    public static void Write(ref MessagePackWriter writer, StageTimings timings)
    {
        writer.WriteMapHeader(8);
        writer.Field(1, timings.Queue, ScalarValues.Write);
        writer.Field(2, timings.Tokenize, ScalarValues.Write);
        writer.Field(3, timings.PageIn, ScalarValues.Write);
        writer.Field(4, timings.Encode, ScalarValues.Write);
        writer.Field(5, timings.Prefill, ScalarValues.Write);
        writer.Field(6, timings.Decode, ScalarValues.Write);
        writer.Field(7, timings.Stage, ScalarValues.Write);
        writer.Field(8, timings.Commit, ScalarValues.Write);
    }

    public static StageTimings Read(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var timings = new StageTimings
        {
            Queue = fields.Required(ref reader, 1, ScalarValues.ReadDuration),
            Tokenize = fields.Required(ref reader, 2, ScalarValues.ReadDuration),
            PageIn = fields.Required(ref reader, 3, ScalarValues.ReadDuration),
            Encode = fields.Required(ref reader, 4, ScalarValues.ReadDuration),
            Prefill = fields.Required(ref reader, 5, ScalarValues.ReadDuration),
            Decode = fields.Required(ref reader, 6, ScalarValues.ReadDuration),
            Stage = fields.Required(ref reader, 7, ScalarValues.ReadDuration),
            Commit = fields.Required(ref reader, 8, ScalarValues.ReadDuration),
        };
        fields.End(ref reader);
        return timings;
    }
}
