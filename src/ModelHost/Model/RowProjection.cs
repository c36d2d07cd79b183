using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model.Passes;

namespace LatentDb.ModelHost.Model;

/// <summary>
/// What a query will need of a hidden row, computed once when the row is written (spec 5.7): K and V before RoPE under the read weights, and the
/// retrieval key. All three depend on the row alone.
/// </summary>
internal sealed class RowProjection(LayerStack stack)
{
    /// <summary>Rows projected at once: enough to fill the cores, and little scratch beside a genesis block of thousands of rows.</summary>
    private const int SlabRows = 256;

    /// <summary>Projects rows of a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="hidden">[rows, d].</param>
    /// <param name="keys">Receives K [rows, kv width].</param>
    /// <param name="values">Receives V [rows, kv width].</param>
    /// <param name="retrievalKeys">Receives retrieval keys [rows, key size]; null for MemoryLLM. Zeros where the layer has no retriever.</param>
    public void Project(int layer, MatrixView hidden, MatrixView keys, MatrixView values, MatrixView? retrievalKeys)
    {
        PassScratch scratch = stack.Scratch.Rent(Math.Min(hidden.Rows, SlabRows));
        DecoderLayer decoder = stack.Layers[layer];
        for (int first = 0; first < hidden.Rows; first += SlabRows)
        {
            int count = Math.Min(SlabRows, hidden.Rows - first);
            MatrixView rows = hidden.SliceRows(first, count);
            decoder.KeysAndValues(rows, AdapterMode.Read, scratch, keys.SliceRows(first, count), values.SliceRows(first, count));
            if (retrievalKeys is not { } target || decoder.Weights.Retriever is not { } retriever) continue;
            MatrixView normed = scratch.Normed.SliceRows(0, count);
            decoder.NormInput(rows, normed);
            scratch.Apply(retriever.Key, normed, target.SliceRows(first, count));
        }

        stack.Scratch.Return(scratch);
    }
}
