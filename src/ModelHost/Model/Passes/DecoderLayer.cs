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

    private RowNorm InputNorm => new(_weights.InputNorm, model.Config.RmsEpsilon);

    private RowNorm PostAttentionNorm => new(_weights.PostAttentionNorm, model.Config.RmsEpsilon);

    /// <summary>normed = RMSNorm(x) under the layer's input gain.</summary>
    public void NormInput(MatrixView x, MatrixView normed) => backend.RmsNorm(x, _weights.InputNorm, model.Config.RmsEpsilon, normed);

    /// <summary>Queries of rows x [rows, d] after the input norm, not rotated yet: [rows, heads x head size] of the scratch.</summary>
    public MatrixView Queries(MatrixView x, AdapterMode mode, PassScratch scratch)
    {
        MatrixView queries = scratch.Queries.SliceRows(0, x.Rows);
        scratch.ApplyAll(mode, x, InputNorm, [new LinearProduct(_weights.Query, queries)]);
        return queries;
    }

    /// <summary>K and V of rows x [rows, d] after the input norm, not rotated yet. keys, values [rows, kv width].</summary>
    public void KeysAndValues(MatrixView x, AdapterMode mode, PassScratch scratch, MatrixView keys, MatrixView values) =>
        scratch.ApplyAll(mode, x, InputNorm, [new LinearProduct(_weights.Key, keys), new LinearProduct(_weights.Value, values)]);

    /// <summary>As <see cref="KeysAndValues"/> and <see cref="Queries"/>, of the same rows.</summary>
    public MatrixView QueriesKeysAndValues(MatrixView x, AdapterMode mode, PassScratch scratch, MatrixView keys, MatrixView values)
    {
        MatrixView queries = scratch.Queries.SliceRows(0, x.Rows);
        scratch.ApplyAll(mode, x, InputNorm, [new LinearProduct(_weights.Query, queries), new LinearProduct(_weights.Key, keys), new LinearProduct(_weights.Value, values)]);
        return queries;
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
        backend.Attention(queries, scratch.Sequences, scratch.Segments, dimensions.HeadSize, model.InverseFrequencies.AsSpan(), attended);
        scratch.Add(_weights.Output, mode, attended, x);
        scratch.Add(_weights.Down, mode, Gated(x, mode, scratch), x);
    }

    /// <summary>The inside of the MLP: silu of the gate times the other half, [rows, ff] of the scratch.</summary>
    private MatrixView Gated(MatrixView x, AdapterMode mode, PassScratch scratch)
    {
        MatrixView gate = scratch.Gate.SliceRows(0, x.Rows);
        LinearView gateView = _weights.Gate.View(mode);
        LinearView upView = _weights.Up.View(mode);
        if (gateView.Adapter is null && upView.Adapter is null)
        {
            backend.GatedMultiply(x, PostAttentionNorm, gateView.Base, upView.Base, gate);
            return gate;
        }

        MatrixView up = scratch.Up.SliceRows(0, x.Rows);
        scratch.ApplyAll(mode, x, PostAttentionNorm, [new LinearProduct(_weights.Gate, gate), new LinearProduct(_weights.Up, up)]);
        backend.SiluMultiply(gate, up);
        return gate;
    }
}
