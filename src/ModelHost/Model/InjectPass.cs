using System.Collections.Immutable;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model;

/// <summary>
/// The write pass (spec 3.1 to 3.4): one chunk of text, read together with the newest K rows of each layer, becomes K new rows per layer. No head,
/// no final norm. Thread-safe: all state is local to the call.
/// </summary>
internal sealed class InjectPass(IComputeBackend backend, ModelDimensions dimensions, ModelWeights model, CompatibilityMode compatibility)
{
    private readonly ImmutableArray<DecoderLayer> _layers =
        [.. Enumerable.Range(0, dimensions.L).Select(l => new DecoderLayer(backend, dimensions, model, l))];

    /// <summary>Runs one chunk.</summary>
    /// <param name="ids">The chunk, n tokens.</param>
    /// <param name="newest">The newest K rows of each layer; null when the pool is empty (a checkpoint without memory).</param>
    /// <param name="cancellationToken">Looked at before every layer.</param>
    /// <returns>The new rows of each layer; owned by the caller.</returns>
    public NewRows Run(ReadOnlySpan<int> ids, IMemoryRows? newest, CancellationToken cancellationToken)
    {
        int n = ids.Length;
        int prefix = newest is null ? 0 : 1 + dimensions.K; // bos and the newest K rows
        int total = prefix + n;
        int written = Math.Min(dimensions.K, total);
        int first = newest is null ? 0 : Math.Min(prefix, total - dimensions.K); // short chunks re-encode memory rows (spec 3.3)

        using var scratch = new PassScratch(backend, dimensions, total);
        using DeviceBuffer inputBuffer = backend.Allocate((long)total * dimensions.D);
        using DeviceBuffer keyBuffer = backend.Allocate(2L * total * dimensions.KvWidth);
        MatrixView x = inputBuffer.AsMatrix(total, dimensions.D); // [T, d]
        MatrixView text = x.SliceRows(prefix, n);
        MatrixView both = keyBuffer.AsMatrix(2 * total, dimensions.KvWidth);
        MatrixView keys = both.SliceRows(0, total);
        MatrixView values = both.SliceRows(total, total);
        var rows = new NewRows(backend, dimensions, written);
        try
        {
            model.Embeddings.Gather(ids, backend, text);
            for (int l = 0; l < dimensions.L; l++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                FillPrefix(x, newest, l);
                backend.AddRow(model.MemoryPosition, x.SliceRows(total - written, written)); // at every layer
                if (compatibility.AliasedFirstBlock && newest is null && l > 0) backend.AddRow(model.MemoryPosition, rows.Layer(l - 1));

                DecoderLayer layer = _layers[l];
                layer.NormInput(x, scratch.Normed);
                layer.Project(scratch.Normed, AdapterMode.Write, 0, scratch, keys, values);
                layer.Forward(x.SliceRows(first, total - first), scratch.Normed.SliceRows(first, total - first), AdapterMode.Write, first, scratch, keys, values);
                backend.Copy(x.SliceRows(total - written, written), rows.Layer(l)); // raw outputs of layer l
            }

            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <summary>bos and memory rows are read afresh at each layer; only text rows travel through the layers.</summary>
    private void FillPrefix(MatrixView x, IMemoryRows? newest, int layer)
    {
        if (newest is null) return;
        backend.Copy(model.Layers[layer].Bos, x.SliceRows(0, 1));
        newest.ReadNewest(layer, x.SliceRows(1, dimensions.K));
    }
}
