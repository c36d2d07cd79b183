using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model;

/// <summary>
/// One Llama layer: attention over given K and V, residual, gated MLP, residual (spec 3.4). Written once; writes, prefill and decode differ only
/// in what they put into K and V before.
/// </summary>
internal sealed class DecoderLayer(IComputeBackend backend, ModelDimensions dimensions, ModelWeights model, int index)
{
    private readonly LayerWeights _weights = model.Layers[index];

    public LayerWeights Weights => _weights;

    /// <summary>normed = RMSNorm(x) under the layer's input gain.</summary>
    public void NormInput(MatrixView x, MatrixView normed) => backend.RmsNorm(x, _weights.InputNorm, model.Config.RmsEpsilon, normed);

    /// <summary>K and V of normed rows, K rotated from <paramref name="firstPosition"/> on. keys, values [rows, kv width].</summary>
    public void Project(MatrixView normed, AdapterMode mode, int firstPosition, PassScratch scratch, MatrixView keys, MatrixView values)
    {
        scratch.Apply(_weights.Key, mode, normed, keys);
        scratch.Apply(_weights.Value, mode, normed, values);
        Rotate(keys, firstPosition);
    }

    /// <summary>Rotates K rows that were stored before RoPE, by their rank.</summary>
    public void Rotate(MatrixView keys, int firstPosition) =>
        backend.Rope(keys, dimensions.HeadSize, firstPosition, model.InverseFrequencies.AsSpan());

    /// <summary>
    /// In place: x [n, d] becomes the layer's output. <paramref name="normed"/> are the same rows after the input norm; the last n rows of
    /// keys and values are theirs; the first of them stands at <paramref name="firstPosition"/>.
    /// </summary>
    public void Forward(
        MatrixView x, MatrixView normed, AdapterMode mode, int firstPosition, PassScratch scratch, MatrixView keys, MatrixView values)
    {
        int n = x.Rows;
        MatrixView queries = scratch.Queries.SliceRows(0, n);
        MatrixView attended = scratch.Attended.SliceRows(0, n);
        scratch.Apply(_weights.Query, mode, normed, queries);
        Rotate(queries, firstPosition);
        backend.Attention(queries, keys, values, dimensions.HeadSize, attended);

        MatrixView change = scratch.Normed.SliceRows(0, n); // normed is used up
        scratch.Apply(_weights.Output, mode, attended, change);
        backend.Add(change, x);
        FeedForward(x, mode, scratch);
    }

    private void FeedForward(MatrixView x, AdapterMode mode, PassScratch scratch)
    {
        MatrixView normed = scratch.Normed.SliceRows(0, x.Rows);
        MatrixView gate = scratch.Gate.SliceRows(0, x.Rows);
        MatrixView up = scratch.Up.SliceRows(0, x.Rows);
        backend.RmsNorm(x, _weights.PostAttentionNorm, model.Config.RmsEpsilon, normed);
        scratch.Apply(_weights.Gate, mode, normed, gate);
        scratch.Apply(_weights.Up, mode, normed, up);
        backend.SiluMultiply(gate, up);
        scratch.Apply(_weights.Down, mode, gate, normed);
        backend.Add(normed, x);
    }
}
