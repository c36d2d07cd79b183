using System.Collections.Immutable;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model;

/// <summary>
/// Reading (spec 5): the prompt sees bos, retrieved rows and pool, then itself causally; later tokens go on from the cache. Thread-safe: all state
/// is in the <see cref="ReadSession"/>.
/// </summary>
internal sealed class ReadPass(IComputeBackend backend, ModelDimensions dimensions, ModelWeights model, Retriever retriever)
{
    private readonly ImmutableArray<DecoderLayer> _layers =
        [.. Enumerable.Range(0, dimensions.L).Select(l => new DecoderLayer(backend, dimensions, model, l))];

    /// <summary>Reads memory and prompt. <see cref="ReadSession.Logits"/> then holds the last row's logits.</summary>
    public async ValueTask PrefillAsync(ReadSession session, IMemoryRows memory, ReadOnlyMemory<int> ids, PassProbe? probe, CancellationToken cancellationToken)
    {
        using var scratch = new PassScratch(backend, dimensions, Math.Max(1, ids.Length));
        using DeviceBuffer buffer = backend.Allocate((long)ids.Length * dimensions.D);
        MatrixView x = buffer.AsMatrix(ids.Length, dimensions.D); // [n, d]
        model.Embeddings.Gather(ids.Span, backend, x);
        for (int l = 0; l < dimensions.L; l++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            probe?.EntersLayer(l, x);
            _layers[l].NormInput(x, scratch.Normed);
            await ReadMemoryAsync(session, memory, l, scratch, probe, cancellationToken).ConfigureAwait(false);
            Layer(session, l, x, scratch);
        }

        Finish(session, x, probe);
    }

    /// <summary>
    /// More text on a cache that is not empty: a decoded token, or a continued prompt, which sees all that is cached and itself causally. Retrieves
    /// nothing; one token allocates nothing. After a cancellation the layers have different lengths and the session is of no further use.
    /// </summary>
    public void Extend(ReadSession session, ReadOnlySpan<int> ids, CancellationToken cancellationToken)
    {
        if (ids.Length == 1)
        {
            ExtendWith(session, ids, session.StepRows, session.StepScratch, cancellationToken);
            return;
        }

        using var scratch = new PassScratch(backend, dimensions, ids.Length);
        using DeviceBuffer buffer = backend.Allocate((long)ids.Length * dimensions.D);
        ExtendWith(session, ids, buffer.AsMatrix(ids.Length, dimensions.D), scratch, cancellationToken);
    }

    private void ExtendWith(ReadSession session, ReadOnlySpan<int> ids, MatrixView x, PassScratch scratch, CancellationToken cancellationToken)
    {
        model.Embeddings.Gather(ids, backend, x); // [n, d]
        for (int l = 0; l < dimensions.L; l++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _layers[l].NormInput(x, scratch.Normed);
            Layer(session, l, x, scratch);
        }

        Finish(session, x, null);
    }

    /// <summary>The rows before the text: bos, retrieved rows oldest first, the pool by rank. All stored before RoPE, rotated by rank here.</summary>
    private async ValueTask ReadMemoryAsync(
        ReadSession session, IMemoryRows memory, int l, PassScratch scratch, PassProbe? probe, CancellationToken cancellationToken)
    {
        int pool = memory.Manifest.Layers[l].PoolRows;
        if (pool == 0) return; // a checkpoint without memory: no memory rows and no bos
        DecoderLayer layer = _layers[l];
        KeyValueCache cache = session.Cache;

        int[] chosen = retriever.Choose(memory, l, layer.Weights.Retriever, scratch.Normed.SliceRows(0, session.PromptRows), scratch, probe);
        session.Retrieved[l] = chosen;

        int prefix = 1 + chosen.Length + pool;
        MatrixView keys = cache.NextKeys(l, prefix);
        MatrixView values = cache.NextValues(l, prefix);
        backend.RmsNorm(layer.Weights.Bos, layer.Weights.InputNorm, model.Config.RmsEpsilon, session.StepScratch.Normed);
        session.StepScratch.Apply(layer.Weights.Key, AdapterMode.Read, session.StepScratch.Normed, keys.SliceRows(0, 1));
        session.StepScratch.Apply(layer.Weights.Value, AdapterMode.Read, session.StepScratch.Normed, values.SliceRows(0, 1));
        await memory.ReadBankAsync(l, chosen, keys.SliceRows(1, chosen.Length), values.SliceRows(1, chosen.Length), cancellationToken).ConfigureAwait(false);
        memory.ReadPool(l, keys.SliceRows(1 + chosen.Length, pool), values.SliceRows(1 + chosen.Length, pool));
        layer.Rotate(keys, 0);
        cache.Advance(l, prefix);
    }

    private void Layer(ReadSession session, int l, MatrixView x, PassScratch scratch)
    {
        KeyValueCache cache = session.Cache;
        int position = cache.Rows(l);
        MatrixView normed = scratch.Normed.SliceRows(0, x.Rows);
        _layers[l].Project(normed, AdapterMode.Read, position, scratch, cache.NextKeys(l, x.Rows), cache.NextValues(l, x.Rows));
        cache.Advance(l, x.Rows);
        _layers[l].Forward(x, normed, AdapterMode.Read, position, scratch, cache.Keys(l), cache.Values(l));
    }

    /// <summary>Final norm and head, of the last row only unless a probe wants all.</summary>
    private void Finish(ReadSession session, MatrixView x, PassProbe? probe)
    {
        if (probe is { WantsAllRows: true })
        {
            using DeviceBuffer buffer = backend.Allocate((long)x.Rows * dimensions.D);
            MatrixView all = buffer.AsMatrix(x.Rows, dimensions.D);
            backend.RmsNorm(x, model.FinalNorm, model.Config.RmsEpsilon, all);
            probe.Normed(all);
        }

        MatrixView last = session.StepScratch.Normed.SliceRows(0, 1);
        backend.RmsNorm(x.SliceRows(x.Rows - 1, 1), model.FinalNorm, model.Config.RmsEpsilon, last);
        backend.Multiply(last, model.Head, session.LogitRow);
        session.DownloadLogits();
    }
}
