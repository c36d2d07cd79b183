using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Passes;

namespace LatentDb.Replay;

/// <summary>What a step leaves behind, compared tensor by tensor under the names that the official run recorded it with.</summary>
internal sealed class StepChecks(MemoryModel model, Comparison comparison, StateReader state)
{
    public void Delta(GoldenStep step, NewRows rows, IComputeBackend backend)
    {
        List<double> delta = [];
        for (int layer = 0; layer < model.Dimensions.L; layer++)
        {
            float[] values = new float[rows.Rows * model.Dimensions.D];
            backend.Download(rows.Layer(layer), ElementType.F32, MemoryMarshal.AsBytes(values.AsSpan()));
            delta.AddRange(values.Select(v => (double)v));
        }

        comparison.Check($"{step.Id}.delta_memory", [.. delta], model.Dimensions.L, rows.Rows, model.Dimensions.D);
    }

    public async Task StateAsync(GoldenStep step, IMemoryRows rows)
    {
        Manifest memory = rows.Manifest;
        ModelDimensions size = model.Dimensions;
        int layers = size.L;
        List<double> pool = [];
        for (int layer = 0; layer < layers; layer++) pool.AddRange(await state.PoolAsync(memory, layer));
        comparison.Check($"{step.Id}.memory", [.. pool], layers, memory.Layers[0].PoolRows, size.D);
        if (!model.Rules.KeepsBank) return;

        long[] poolAges = [.. Enumerable.Range(0, layers).SelectMany(l => StateReader.PoolAges(memory, l))];
        comparison.Check($"{step.Id}.memory_ages", poolAges, layers, memory.Layers[0].PoolRows);
        comparison.Check($"{step.Id}.update_step", (long[])[memory.Writes % model.Rules.MergeEvery * size.K]);
        for (int layer = 0; layer < layers; layer++) await BankAsync(step, memory, rows, layer);
        await StageAsync(step, memory, rows);
        Sizes(step, memory);
    }

    private void Sizes(GoldenStep step, Manifest memory)
    {
        if (step.StateNote is not { } note) return;
        for (int layer = 0; layer < model.Dimensions.L; layer++)
        {
            if (note.LtmSizes is { } sizes) comparison.CheckSize($"{step.Id}.ltm.{layer}", StateReader.BankRows(memory, layer, staged: false), sizes[layer]);
            if (note.CachedPerLayer is { } cached) comparison.CheckSize($"{step.Id}.cached_dropped_memories.{layer}", StateReader.BankRows(memory, layer, staged: true), cached);
        }
    }

    private async Task BankAsync(GoldenStep step, Manifest memory, IMemoryRows rows, int layer)
    {
        int count = StateReader.BankRows(memory, layer, staged: false);
        comparison.Check($"{step.Id}.ltm.{layer}", await state.BankAsync(memory, layer, false, SlicePart.Hidden, SliceColumn.Hidden), count, model.Dimensions.D);
        comparison.Check($"{step.Id}.ltm_keys.{layer}", await state.BankAsync(memory, layer, false, SlicePart.Read, SliceColumn.RetrievalKey), count, model.Dimensions.KeySize);
        comparison.Check($"{step.Id}.ltm_recall_frequencies.{layer}", StateReader.Lives(memory, layer), count);
        comparison.Check($"{step.Id}.ltm_ages.{layer}", state.BankAges(rows, layer, staged: false), count);
    }

    private async Task StageAsync(GoldenStep step, Manifest memory, IMemoryRows rows)
    {
        int staged = StateReader.BankRows(memory, 0, staged: true);
        if (staged == 0) return;
        int layers = model.Dimensions.L;
        List<double> hidden = [];
        List<double> keys = [];
        List<long> ages = [];
        for (int layer = 0; layer < layers; layer++)
        {
            hidden.AddRange(await state.BankAsync(memory, layer, true, SlicePart.Hidden, SliceColumn.Hidden));
            keys.AddRange(await state.BankAsync(memory, layer, true, SlicePart.Read, SliceColumn.RetrievalKey));
            ages.AddRange(state.BankAges(rows, layer, staged: true));
        }

        comparison.Check($"{step.Id}.cached_dropped_memories", [.. hidden], layers, staged, model.Dimensions.D);
        comparison.Check($"{step.Id}.cached_dropped_keys", [.. keys], layers, staged, model.Dimensions.KeySize);
        comparison.Check($"{step.Id}.cached_dropped_memory_ages", (long[])[.. ages], layers, staged);
    }

    public async Task RetrievalAsync(GoldenStep step, Manifest memory, ReadProbe probe)
    {
        if (probe.Positions.Count == 0) return;
        List<long> order = [];
        List<double> hidden = [];
        foreach ((int layer, int[] positions) in probe.Positions)
        {
            if (probe.Scores.TryGetValue(layer, out float[]? scores)) comparison.Check($"{step.Id}.retrieval_scores.{layer}", Array.ConvertAll(scores, v => (double)v), scores.Length);
            long[] official = OfficialIndices(memory, layer, positions, scores is not null);
            comparison.Check($"{step.Id}.ltm_indices_official.{layer}", official, official.Length);
            order.AddRange(positions.Select(p => (long)p));
            hidden.AddRange(await state.BankAtAsync(memory, layer, positions));
        }

        int each = order.Count / probe.Positions.Count;
        comparison.Check($"{step.Id}.retrieval_order", (long[])[.. order], probe.Positions.Count, each);
        comparison.Check($"{step.Id}.retrieval_hidden", [.. hidden], probe.Positions.Count, each, model.Dimensions.D);
    }

    /// <summary>What the official forward reports: the order used while nothing is staged, else the merged part ascending, or in fill order where nothing was scored.</summary>
    private static long[] OfficialIndices(Manifest memory, int layer, int[] positions, bool scored)
    {
        if (StateReader.BankRows(memory, layer, staged: true) == 0) return [.. positions.Select(p => (long)p)];
        int merged = StateReader.BankRows(memory, layer, staged: false);
        if (scored) return [.. positions.Where(p => p < merged).Order().Select(p => (long)p)];
        int skipped = ((positions.Length + merged - 1) / merged * merged) - positions.Length;
        return [.. Enumerable.Range(skipped, positions.Length).Select(i => (long)(i % merged))];
    }
}
