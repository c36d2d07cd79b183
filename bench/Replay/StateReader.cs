using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Model;

namespace LatentDb.Replay;

/// <summary>Reads a version's state back from its blocks, in the layout of the recorded tensors.</summary>
internal sealed class StateReader(MemoryModel model, InMemoryBlocks blocks)
{
    public async Task<double[]> PoolAsync(Manifest manifest, int layer) =>
        await RowsAsync(manifest, layer, manifest.Layers[layer].Pool, SlicePart.Hidden, SliceColumn.Hidden);

    /// <summary>Rows or keys of the merged or of the staged part of a bank.</summary>
    public Task<double[]> BankAsync(Manifest manifest, int layer, bool staged, SlicePart part, SliceColumn column) =>
        RowsAsync(manifest, layer, BankRuns(manifest, layer, staged).Select(r => new RowRun(r.Block, r.First, r.Count)), part, column);

    /// <summary>Hidden rows at positions of the bank.</summary>
    public async Task<double[]> BankAtAsync(Manifest manifest, int layer, int[] positions)
    {
        (int Block, int Row)[] all = [.. manifest.Layers[layer].Bank.SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => (r.Block, row)))];
        return await RowsAsync(manifest, layer, positions.Select(p => new RowRun(all[p].Block, all[p].Row, 1)), SlicePart.Hidden, SliceColumn.Hidden);
    }

    public static IEnumerable<BankRun> BankRuns(Manifest manifest, int layer, bool staged) => manifest.Layers[layer].Bank.Where(r => r.IsStaged == staged);

    public static int BankRows(Manifest manifest, int layer, bool staged) => BankRuns(manifest, layer, staged).Sum(r => r.Count);

    public static double[] Lives(Manifest manifest, int layer) =>
        [.. BankRuns(manifest, layer, staged: false).SelectMany(r => Enumerable.Repeat((double)(r.LifeBase - manifest.Layers[layer].Decays), r.Count))];

    public long[] BankAges(IMemoryRows memory, int layer, bool staged) =>
        [.. BankRuns(memory.Manifest, layer, staged).SelectMany(r => Enumerable.Range(r.First, r.Count).Select(row => model.Ages.Of(memory, layer, r, row)))];

    /// <summary>The official pool ages: a row's distance from the end of its block, 0 for the checkpoint's own rows.</summary>
    public static long[] PoolAges(Manifest manifest, int layer) =>
    [
        .. manifest.Layers[layer].Pool.SelectMany(r => Enumerable.Range(r.First, r.Count)
            .Select(row => manifest.Blocks[r.Block].WrittenAt == 0 ? 0L : manifest.Blocks[r.Block].Rows - 1 - row)),
    ];

    private async Task<double[]> RowsAsync(Manifest manifest, int layer, IEnumerable<RowRun> runs, SlicePart part, SliceColumn column)
    {
        List<double> rows = [];
        foreach (RowRun run in runs)
        {
            BlockSlice slice = await blocks.ReadAsync(new SliceAddress(manifest.Blocks[run.Block].Id, layer, part), default);
            SliceTensor tensor = slice.Find(column)!;
            float[] values = MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span).Slice(run.First * tensor.Width, run.Count * tensor.Width).ToArray();
            foreach (float value in values) rows.Add(value);
        }

        return [.. rows];
    }
}
