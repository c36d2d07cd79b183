using System.Collections.Immutable;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Remote.Codecs;

/// <summary>How tokens are chosen.</summary>
internal static class OptionsCodec
{
    private const int Parts = 7;

    public static void Write(ref MessagePackWriter writer, GenerationOptions? options)
    {
        if (options is null)
        {
            writer.WriteNil();
            return;
        }

        writer.WriteArrayHeader(Parts);
        writer.WriteInt64(options.MaxTokens);
        writer.WriteSingle(options.Temperature);
        writer.WriteSingle(options.TopP);
        writer.WriteInt64(options.TopK);
        writer.WriteSingle(options.RepetitionPenalty);
        writer.WriteUInt64(options.Seed);
        writer.WriteArrayHeader(options.Stop.Length);
        foreach (string stop in options.Stop) writer.WriteString(stop);
    }

    public static GenerationOptions? Read(ref MessagePackReader reader)
    {
        if (reader.TryReadNil()) return null;
        ScalarCodec.Expect(reader.ReadArrayHeader(), Parts, "set of options");
        return new GenerationOptions
        {
            MaxTokens = reader.ReadInt32(),
            Temperature = reader.ReadSingle(),
            TopP = reader.ReadSingle(),
            TopK = reader.ReadInt32(),
            RepetitionPenalty = reader.ReadSingle(),
            Seed = reader.ReadUInt64(),
            Stop = ReadStrings(ref reader),
        };
    }

    private static ImmutableArray<string> ReadStrings(ref MessagePackReader reader)
    {
        var strings = ImmutableArray.CreateBuilder<string>(reader.ReadArrayHeader());
        for (int i = 0; i < strings.Capacity; i++) strings.Add(reader.ReadRequiredString());
        return strings.MoveToImmutable();
    }
}
