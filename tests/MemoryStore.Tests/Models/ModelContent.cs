using System.Globalization;
using System.Text;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Models;

/// <summary>
/// What a version holds, row by row and with nothing shared: the bytes of every row of the pool by rank and of the bank by position. Written anew
/// for the tests, so that a fault in the store's runs, deltas and images is no fault of the model.
/// </summary>
internal sealed record ModelContent(IReadOnlyList<ModelLayer> Layers, long Writes)
{
    public static ModelContent Genesis(TestModel model, int layers) => new(
        [.. Enumerable.Range(0, layers).Select(layer => new ModelLayer(RowsOf(model, layer, TestModel.PoolRows, layer), [], 0f))], 0);

    /// <summary>The content after one chunk.</summary>
    public ModelContent Write(TestModel model, ManifestDelta delta, int seed)
    {
        long write = Writes + 1;
        var layers = new List<ModelLayer>();
        for (int layer = 0; layer < Layers.Count; layer++)
        {
            layers.Add(Layers[layer].Write(delta.Layers[layer], RowsOf(model, layer, delta.BlockRows, seed + layer), write));
        }

        return new ModelContent(layers, write);
    }

    /// <summary>All of it as text that is equal only when every bit is.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (ModelLayer layer in Layers)
        {
            foreach (string row in layer.Pool) text.Append(row).Append('\n');
            foreach (ModelBankRow row in layer.Bank) text.Append(CultureInfo.InvariantCulture, $"bank {row.Bytes} {row.EnteredAt} {BitConverter.SingleToUInt32Bits(row.LifeBase):x8}\n");
            text.Append(CultureInfo.InvariantCulture, $"decays {BitConverter.SingleToUInt32Bits(layer.Decays):x8}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"writes {Writes}").ToString();
    }

    /// <summary>What the store says of a version, in the same form.</summary>
    public static async Task<ModelContent> ReadAsync(IBlockSource blocks, Manifest manifest)
    {
        var layers = new List<ModelLayer>();
        for (int layer = 0; layer < manifest.Layers.Length; layer++)
        {
            var rows = new List<string[]>();
            foreach (ManifestBlock block in manifest.Blocks) rows.Add(await ReadRowsAsync(blocks, block, layer));
            LayerRows runs = manifest.Layers[layer];
            layers.Add(new ModelLayer(
                [.. runs.Pool.SelectMany(run => rows[run.Block][run.First..run.End])],
                [.. runs.Bank.SelectMany(run => rows[run.Block][run.First..run.End].Select(row => new ModelBankRow(row, run.EnteredAt, run.LifeBase)))],
                runs.Decays));
        }

        return new ModelContent(layers, manifest.Writes);
    }

    private static async Task<string[]> ReadRowsAsync(IBlockSource blocks, ManifestBlock block, int layer)
    {
        BlockSlice slice = await blocks.ReadAsync(new SliceAddress(block.Id, layer, SlicePart.Read), CancellationToken.None);
        return Split(slice);
    }

    private static string[] RowsOf(TestModel model, int layer, int rows, int seed) =>
        Split(model.Slice(new SliceAddress(new BlockId(new MemoryUid(1), 1), layer, SlicePart.Read), BlockKind.MemoryRows, rows, seed));

    private static string[] Split(BlockSlice slice)
    {
        ReadOnlySpan<byte> bytes = slice.Tensors[0].Bytes.Span;
        int rowBytes = bytes.Length / slice.Tensors[0].Rows;
        var rows = new string[slice.Tensors[0].Rows];
        for (int row = 0; row < rows.Length; row++) rows[row] = Convert.ToHexString(bytes.Slice(row * rowBytes, rowBytes));
        return rows;
    }
}

/// <summary>One layer of a <see cref="ModelContent"/>.</summary>
internal sealed record ModelLayer(IReadOnlyList<string> Pool, IReadOnlyList<ModelBankRow> Bank, float Decays)
{
    public ModelLayer Write(LayerDelta delta, string[] written, long write)
    {
        var removed = delta.RemovedRanks.ToHashSet();
        var pool = Pool.Where((_, rank) => !removed.Contains(rank)).ToList();
        foreach (RowRange range in delta.Appended) pool.AddRange(written[range.First..range.End]);
        IEnumerable<ModelBankRow> bank = Bank;
        if (delta.MovedToBank) bank = bank.Concat(delta.RemovedRanks.Select(rank => new ModelBankRow(Pool[rank], write, float.NaN)));
        if (delta.SealedLife is float life) bank = bank.Select(row => float.IsNaN(row.LifeBase) ? row with { LifeBase = life } : row);
        bank = bank.Where((_, position) => !delta.EvictedBankRows.Any(range => position >= range.First && position < range.End));
        return new ModelLayer(pool, [.. bank], delta.Decays);
    }
}

/// <param name="LifeBase">NaN until the next merge.</param>
internal readonly record struct ModelBankRow(string Bytes, long EnteredAt, float LifeBase);
