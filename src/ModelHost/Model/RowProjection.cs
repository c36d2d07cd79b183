using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model;

/// <summary>
/// What a query will need of a hidden row, computed once when the row is written (spec 5.7): K and V before RoPE under the read weights, and the
/// retrieval key. All three depend on the row alone.
/// </summary>
internal sealed class RowProjection(IComputeBackend backend, ModelDimensions dimensions, ModelWeights model)
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
        using var scratch = new PassScratch(backend, dimensions, Math.Min(hidden.Rows, SlabRows));
        LayerWeights weights = model.Layers[layer];
        for (int first = 0; first < hidden.Rows; first += SlabRows)
        {
            int count = Math.Min(SlabRows, hidden.Rows - first);
            MatrixView normed = scratch.Normed.SliceRows(0, count);
            backend.RmsNorm(hidden.SliceRows(first, count), weights.InputNorm, model.Config.RmsEpsilon, normed);
            scratch.Apply(weights.Key, AdapterMode.Read, normed, keys.SliceRows(first, count));
            scratch.Apply(weights.Value, AdapterMode.Read, normed, values.SliceRows(first, count));
            if (retrievalKeys is { } target && weights.Retriever is { } retriever) scratch.Apply(retriever.Key, normed, target.SliceRows(first, count));
        }
    }
}
