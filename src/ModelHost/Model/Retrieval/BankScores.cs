using System.Buffers;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Retrieval;

/// <summary>
/// Scores of all rows of a bank. Every write drops K rows at random ranks into the bank, so in bank order it consists of single rows; in block order
/// it consists of nearly whole blocks. Keys are scored block by block, where they lie, and the scores are put into bank order, which is cheap.
/// </summary>
internal static class BankScores
{
    /// <param name="backend">Where the keys lie.</param>
    /// <param name="memory">The version; the layer is ready.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="queries">Projected prompt rows [n, key size].</param>
    /// <param name="scores">Receives one score per bank row.</param>
    public static void Compute(IComputeBackend backend, IMemoryRows memory, int layer, MatrixView queries, Span<float> scores)
    {
        LayerRows rows = memory.Manifest.Layers[layer];
        int blocks = memory.Manifest.Blocks.Length;
        RowRange[] ranges = ArrayPool<RowRange>.Shared.Rent(blocks);
        MatrixView[] keys = ArrayPool<MatrixView>.Shared.Rent(blocks);
        int[] firstScores = ArrayPool<int>.Shared.Rent(blocks);
        FindRanges(rows, ranges.AsSpan(0, blocks));
        firstScores.AsSpan(0, blocks).Fill(int.MinValue);
        int count = 0;
        int total = 0;
        for (int run = 0; run < rows.Bank.Length; run++)
        {
            int block = rows.Bank[run].Block;
            if (firstScores[block] != int.MinValue) continue; // a run before named it
            RowRange range = ranges[block];
            keys[count++] = memory.BlockKeys(layer, run).SliceRows(range.First, range.Count);
            firstScores[block] = total - range.First;
            total += range.Count;
        }

        float[] byBlock = ArrayPool<float>.Shared.Rent(total);
        backend.RetrievalScores(queries, keys.AsSpan(0, count), byBlock.AsSpan(0, total));
        int position = 0;
        foreach (BankRun run in rows.Bank)
        {
            int from = firstScores[run.Block] + run.First;
            for (int row = 0; row < run.Count; row++) scores[position++] = byBlock[from + row];
        }

        ArrayPool<float>.Shared.Return(byBlock);
        ArrayPool<int>.Shared.Return(firstScores);
        ArrayPool<MatrixView>.Shared.Return(keys, clearArray: true);
        ArrayPool<RowRange>.Shared.Return(ranges);
    }

    /// <summary>For each block the smallest range of rows that holds all that the bank names.</summary>
    private static void FindRanges(LayerRows rows, Span<RowRange> ranges)
    {
        ranges.Clear();
        foreach (BankRun run in rows.Bank)
        {
            RowRange known = ranges[run.Block];
            int first = known.Count == 0 ? run.First : Math.Min(known.First, run.First);
            ranges[run.Block] = new RowRange(first, Math.Max(known.End, run.End) - first);
        }
    }
}
