using System.Buffers;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Retrieval;

/// <summary>Scores of all rows of a bank, block by block, where the keys lie.</summary>
internal static class BankScores
{
    /// <param name="backend">Where the keys lie.</param>
    /// <param name="memory">The version; the layer is ready.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="queries">Projected prompt rows [n, key size].</param>
    /// <param name="scores">Receives <see cref="BankIndex.Scored"/> scores.</param>
    public static void Compute(IComputeBackend backend, IMemoryRows memory, int layer, MatrixView queries, Span<float> scores)
    {
        ReadOnlySpan<BankBlock> blocks = memory.Bank(layer).Blocks;
        MatrixView[] keys = ArrayPool<MatrixView>.Shared.Rent(blocks.Length);
        for (int i = 0; i < blocks.Length; i++) keys[i] = memory.BlockKeys(layer, blocks[i].Run).SliceRows(blocks[i].Rows.First, blocks[i].Rows.Count);
        backend.RetrievalScores(queries, keys.AsSpan(0, blocks.Length), scores);
        ArrayPool<MatrixView>.Shared.Return(keys, clearArray: true);
    }
}
