using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Records;

/// <summary>Manifests and deltas. Runs are flat arrays of integers and ranks are gaps, because most then take one byte.</summary>
public static class ManifestCodec
{
    private const int ManifestParts = 4;
    private const int LayerParts = 3;
    private const int DeltaParts = 3;
    private const int LayerDeltaParts = 6;

    public static void Write(this ref MessagePackWriter writer, Manifest manifest)
    {
        ImmutableArray<MemoryUid> owners = [.. manifest.Blocks.Select(b => b.Id.Owner).Distinct()];
        writer.WriteArrayHeader(ManifestParts);
        writer.WriteInt64(manifest.Writes);
        writer.WriteArrayHeader(owners.Length);
        foreach (MemoryUid owner in owners) writer.Write(owner);
        writer.WriteArrayHeader(manifest.Blocks.Length * 4);
        foreach (ManifestBlock block in manifest.Blocks)
        {
            writer.WriteInt64(owners.IndexOf(block.Id.Owner));
            writer.WriteInt64(block.Id.Sequence);
            writer.WriteInt64(block.WrittenAt);
            writer.WriteInt64(block.Rows);
        }

        writer.WriteArrayHeader(manifest.Layers.Length);
        foreach (LayerRows layer in manifest.Layers) WriteLayer(ref writer, layer);
    }

    public static Manifest ReadManifest(this ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), ManifestParts, "manifest");
        long writes = reader.ReadInt64();
        var owners = new MemoryUid[reader.ReadArrayHeader()];
        for (int i = 0; i < owners.Length; i++) owners[i] = reader.ReadUid();
        var blocks = ImmutableArray.CreateBuilder<ManifestBlock>(FlatCount(reader.ReadArrayHeader(), 4));
        for (int i = 0; i < blocks.Capacity; i++)
        {
            int owner = reader.ReadInt32();
            if ((uint)owner >= (uint)owners.Length) throw new MessagePackFormatException($"Owner {owner} of {owners.Length}.");
            blocks.Add(new ManifestBlock(new BlockId(owners[owner], reader.ReadInt64()), reader.ReadInt64(), reader.ReadInt32()));
        }

        var layers = ImmutableArray.CreateBuilder<LayerRows>(reader.ReadArrayHeader());
        for (int i = 0; i < layers.Capacity; i++) layers.Add(ReadLayer(ref reader));
        return new Manifest(blocks.MoveToImmutable(), layers.MoveToImmutable(), writes).Check();
    }

    public static void Write(this ref MessagePackWriter writer, ManifestDelta delta)
    {
        writer.WriteArrayHeader(DeltaParts);
        writer.Write(delta.Block.Owner);
        writer.WriteInt64(delta.Block.Sequence);
        writer.WriteArrayHeader(delta.Layers.Length + 1);
        writer.WriteInt64(delta.BlockRows);
        foreach (LayerDelta layer in delta.Layers) WriteLayerDelta(ref writer, layer);
    }

    public static ManifestDelta ReadDelta(this ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), DeltaParts, "manifest delta");
        var block = new BlockId(reader.ReadUid(), reader.ReadInt64());
        int items = reader.ReadArrayHeader();
        if (items < 1) throw new MessagePackFormatException("A manifest delta without rows.");
        int rows = reader.ReadInt32();
        var layers = ImmutableArray.CreateBuilder<LayerDelta>(items - 1);
        for (int i = 0; i < layers.Capacity; i++) layers.Add(ReadLayerDelta(ref reader));
        return new ManifestDelta(block, rows, layers.MoveToImmutable());
    }

    private static void WriteLayer(ref MessagePackWriter writer, LayerRows layer)
    {
        writer.WriteArrayHeader(LayerParts);
        writer.WriteArrayHeader(layer.Pool.Length * 3);
        foreach (RowRun run in layer.Pool)
        {
            writer.WriteInt64(run.Block);
            writer.WriteInt64(run.First);
            writer.WriteInt64(run.Count);
        }

        writer.WriteArrayHeader(layer.Bank.Length * 5);
        foreach (BankRun run in layer.Bank)
        {
            writer.WriteInt64(run.Block);
            writer.WriteInt64(run.First);
            writer.WriteInt64(run.Count);
            writer.WriteInt64(run.EnteredAt);
            writer.WriteSingle(run.LifeBase);
        }

        writer.WriteSingle(layer.Decays);
    }

    private static LayerRows ReadLayer(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), LayerParts, "layer");
        var pool = ImmutableArray.CreateBuilder<RowRun>(FlatCount(reader.ReadArrayHeader(), 3));
        for (int i = 0; i < pool.Capacity; i++) pool.Add(new RowRun(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32()));
        var bank = ImmutableArray.CreateBuilder<BankRun>(FlatCount(reader.ReadArrayHeader(), 5));
        for (int i = 0; i < bank.Capacity; i++)
        {
            bank.Add(new BankRun(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadSingle()));
        }

        return new LayerRows(pool.MoveToImmutable(), bank.MoveToImmutable(), reader.ReadSingle());
    }

    private static void WriteLayerDelta(ref MessagePackWriter writer, LayerDelta layer)
    {
        writer.WriteArrayHeader(LayerDeltaParts);
        WriteAscending(ref writer, layer.RemovedRanks);
        writer.WriteBoolean(layer.MovedToBank);
        if (layer.SealedLife is float life) writer.WriteSingle(life);
        else writer.WriteNil();
        writer.WriteSingle(layer.Decays);
        WriteRanges(ref writer, layer.EvictedBankRows);
        WriteRanges(ref writer, layer.Appended);
    }

    private static LayerDelta ReadLayerDelta(ref MessagePackReader reader)
    {
        ScalarCodec.Expect(reader.ReadArrayHeader(), LayerDeltaParts, "layer delta");
        return new LayerDelta(
            ReadAscending(ref reader),
            reader.ReadBoolean(),
            reader.TryReadNil() ? null : reader.ReadSingle(),
            reader.ReadSingle(),
            ReadRanges(ref reader),
            ReadRanges(ref reader));
    }

    private static void WriteAscending(ref MessagePackWriter writer, ImmutableArray<int> values)
    {
        writer.WriteArrayHeader(values.Length);
        int before = 0;
        foreach (int value in values)
        {
            writer.WriteInt64((long)value - before);
            before = value;
        }
    }

    private static ImmutableArray<int> ReadAscending(ref MessagePackReader reader)
    {
        var values = ImmutableArray.CreateBuilder<int>(reader.ReadArrayHeader());
        long value = 0;
        for (int i = 0; i < values.Capacity; i++)
        {
            value += reader.ReadInt32();
            if (value is < int.MinValue or > int.MaxValue) throw new MessagePackFormatException($"{value} is no rank.");
            values.Add((int)value);
        }

        return values.MoveToImmutable();
    }

    private static void WriteRanges(ref MessagePackWriter writer, ImmutableArray<RowRange> ranges)
    {
        writer.WriteArrayHeader(ranges.Length * 2);
        foreach (RowRange range in ranges)
        {
            writer.WriteInt64(range.First);
            writer.WriteInt64(range.Count);
        }
    }

    private static ImmutableArray<RowRange> ReadRanges(ref MessagePackReader reader)
    {
        var ranges = ImmutableArray.CreateBuilder<RowRange>(FlatCount(reader.ReadArrayHeader(), 2));
        for (int i = 0; i < ranges.Capacity; i++) ranges.Add(new RowRange(reader.ReadInt32(), reader.ReadInt32()));
        return ranges.MoveToImmutable();
    }

    private static int FlatCount(int items, int each) =>
        items % each == 0 ? items / each : throw new MessagePackFormatException($"{items} numbers do not make groups of {each}.");
}
