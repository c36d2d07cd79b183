using System.Buffers;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Remote.Codecs;

/// <summary>What a model silo says of itself: its model, and how many requests that runs at once.</summary>
internal static class DescriptionCodec
{
    private const int Parts = 15;

    public static void Write(IBufferWriter<byte> buffer, ModelDescription model, int places)
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(Parts);
        writer.WriteString(model.Name);
        writer.Write(model.Fingerprint);
        writer.WriteString(model.Family);
        writer.WriteInt64(model.Parameters);
        writer.WriteInt64(model.Layers);
        writer.WriteInt64(model.HiddenSize);
        writer.WriteInt64(model.RowsPerWrite);
        writer.WriteInt64(model.PoolRows);
        writer.WriteInt64(model.RetrievedRows);
        writer.WriteInt64(model.MaxChunkTokens);
        writer.WriteInt64(model.MinChunkTokens);
        writer.WriteInt64(model.VocabularySize);
        writer.WriteInt64(model.BlockBytes);
        writer.WriteString(model.Backend);
        writer.WriteInt64(places);
    }

    public static (ModelDescription Model, int Places) Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        ScalarCodec.Expect(reader.ReadArrayHeader(), Parts, "model");
        var model = new ModelDescription(
            reader.ReadRequiredString(),
            reader.ReadFingerprint(),
            reader.ReadRequiredString(),
            reader.ReadInt64(),
            reader.ReadInt32(),
            reader.ReadInt32(),
            reader.ReadInt32(),
            reader.ReadInt32(),
            reader.ReadInt32(),
            reader.ReadInt32(),
            reader.ReadInt32(),
            reader.ReadInt32(),
            reader.ReadInt64(),
            reader.ReadRequiredString());
        return (model, reader.ReadInt32());
    }
}
