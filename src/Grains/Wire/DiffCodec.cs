using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Versions.Diff;

namespace LatentDb.Grains.Wire;

/// <summary>What became of a memory between two versions.</summary>
internal static class DiffCodec
{
    private const int LayerParts = 13;

    public static void Write(ref MessagePackWriter writer, MemoryDiff diff)
    {
        writer.WriteMapHeader(3);
        writer.Field(1, diff.Rows, WriteRows);
        writer.Field(2, diff.Added, WriteText);
        writer.Field(3, diff.Removed, WriteText);
    }

    public static MemoryDiff Read(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var diff = new MemoryDiff(
            fields.Required(ref reader, 1, ReadRows),
            fields.Array(ref reader, 2, ReadText, WireLimits.MaxOfMemory),
            fields.Array(ref reader, 3, ReadText, WireLimits.MaxOfMemory));
        fields.End(ref reader);
        return diff;
    }

    private static void WriteRows(ref MessagePackWriter writer, VersionDiff rows)
    {
        writer.WriteMapHeader(6);
        writer.Field(1, rows.From, VersionCodec.Write);
        writer.Field(2, rows.To, VersionCodec.Write);
        writer.Field(3, rows.Between, VersionCodec.Write);
        writer.Field(4, rows.BlocksAdded, ScalarValues.Write);
        writer.Field(5, rows.BlocksRemoved, ScalarValues.Write);
        writer.Field(6, rows.Layers, WriteLayer);
    }

    private static VersionDiff ReadRows(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var rows = new VersionDiff(
            fields.Required(ref reader, 1, VersionCodec.ReadVersion),
            fields.Required(ref reader, 2, VersionCodec.ReadVersion),
            fields.Array(ref reader, 3, VersionCodec.ReadVersion, WireLimits.MaxOfMemory),
            fields.Array(ref reader, 4, ScalarValues.ReadBlock, WireLimits.MaxOfMemory),
            fields.Array(ref reader, 5, ScalarValues.ReadBlock, WireLimits.MaxOfMemory),
            fields.Array(ref reader, 6, ReadLayer, WireLimits.MaxLayers));
        fields.End(ref reader);
        return rows;
    }

    /// <summary>Thirteen numbers: the layer, seven of the pool, five of the bank.</summary>
    private static void WriteLayer(ref MessagePackWriter writer, LayerDiff layer)
    {
        writer.WriteArrayHeader(LayerParts);
        (PoolDiff pool, BankDiff bank) = (layer.Pool, layer.Bank);
        ReadOnlySpan<int> numbers =
        [
            layer.Layer, pool.Before, pool.After, pool.Retained, pool.Added, pool.Revived, pool.DroppedToBank, pool.Lost,
            bank.Before, bank.After, bank.Retained, bank.Entered, bank.Evicted,
        ];
        foreach (int number in numbers) writer.WriteInt64(number);
    }

    private static LayerDiff ReadLayer(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), LayerParts, "layer's difference");
        return new LayerDiff(
            reader.ReadInt32(),
            new PoolDiff(
                reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32()),
            new BankDiff(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32()));
    }

    private static void WriteText(ref MessagePackWriter writer, InjectedText text)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, text.Version, VersionCodec.Write);
        writer.Field(2, text.Text, TextCodec.Write);
    }

    private static InjectedText ReadText(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var text = new InjectedText(fields.Required(ref reader, 1, VersionCodec.ReadVersion), fields.Optional(ref reader, 2, TextCodec.Read));
        fields.End(ref reader);
        return text;
    }
}
