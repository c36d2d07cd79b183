using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Passes;

/// <summary>
/// One Llama layer: attention over what lies before, residual, gated MLP, residual (spec 3.4). Written once; writes, prefill and decode differ only
/// in what their rows attend to.
/// </summary>
internal sealed class DecoderLayer(IComputeBackend backend, ModelDimensions dimensions, ModelWeights model, int index)
{
    private readonly LayerWeights _weights = model.Layers[index];

    public LayerWeights Weights => _weights;

    /// <summary>normed = RMSNorm(x) under the layer's input gain.</summary>
    public void NormInput(MatrixView x, MatrixView normed) => backend.RmsNorm(x, _weights.InputNorm, model.Config.RmsEpsilon, normed);

    /// <summary>Queries of normed rows, not rotated yet: [rows, heads x head size] of the scratch.</summary>
    public MatrixView Queries(MatrixView normed, AdapterMode mode, PassScratch scratch)
    {
        MatrixView queries = scratch.Queries.SliceRows(0, normed.Rows);
        scratch.Apply(_weights.Query, mode, normed, queries);
        return queries;
    }

    /// <summary>K and V of normed rows, not rotated yet. keys, values [rows, kv width].</summary>
    public void KeysAndValues(MatrixView normed, AdapterMode mode, PassScratch scratch, MatrixView keys, MatrixView values)
    {
        scratch.Apply(_weights.Key, mode, normed, keys);
        scratch.Apply(_weights.Value, mode, normed, values);
    }

    /// <summary>Rotates K or queries of consecutive rows.</summary>
    public void Rotate(MatrixView rows, int firstPosition) =>
        backend.Rope(rows, dimensions.HeadSize, firstPosition, model.InverseFrequencies.AsSpan());

    /// <summary>Rotates K or queries of rows that belong to different sequences.</summary>
    public void Rotate(MatrixView rows, ReadOnlySpan<int> positions) =>
        backend.Rope(rows, dimensions.HeadSize, positions, model.InverseFrequencies.AsSpan());

    /// <summary>
    /// In place: x [n, d] becomes the layer's output. <paramref name="queries"/> are its rotated queries; the scratch says what they attend to.
    /// </summary>
    public void Forward(MatrixView x, MatrixView queries, AdapterMode mode, PassScratch scratch)
    {
        MatrixView attended = scratch.Attended.SliceRows(0, x.Rows);
        MatrixView change = scratch.Normed.SliceRows(0, x.Rows);
        backend.Attention(queries, scratch.Sequences, scratch.Segments, dimensions.HeadSize, model.InverseFrequencies.AsSpan(), attended);
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
