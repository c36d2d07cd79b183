using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute.Cpu;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Paging;

namespace LatentDb.Replay;

/// <summary>Replays one case through the classes that serve requests: pager, passes, pool update. Only the drops are given instead of drawn.</summary>
internal sealed class CaseReplay : IDisposable
{
    private readonly string _folder;
    private readonly GoldenManifest _manifest;
    private readonly GoldenTensors _inputs;
    private readonly GoldenTensors _expected;
    private readonly CpuBackend _backend = new(new CpuBackendOptions());
    private readonly CheckpointFolder _checkpoint;
    private readonly MemoryModel _model;
    private readonly MemoryPager _pager;
    private readonly InMemoryBlocks _blocks = new();
    private readonly StateReader _state;
    private readonly Comparison _comparison;

    public CaseReplay(string folder)
    {
        _folder = folder;
        _manifest = GoldenManifest.Read(Path.Combine(folder, "manifest.json"));
        _inputs = new GoldenTensors(Path.Combine(folder, _manifest.Files.Inputs));
        _expected = new GoldenTensors(Path.Combine(folder, _manifest.Files.Expected));
        _checkpoint = CheckpointFolder.Open(folder, Path.GetFullPath(Path.Combine(folder, _manifest.Files.Weights)));
        var rounding = _manifest.Derived.RopeInverseFrequencies.Contains("bfloat16", StringComparison.Ordinal) ? InverseFrequencyRounding.BFloat16 : InverseFrequencyRounding.None;
        var weights = new WeightLoadOptions { Storage = ElementType.F32, FrequencyRounding = rounding };
        _model = MemoryModel.Load(_checkpoint, _backend, weights, ElementType.F32, CompatibilityMode.Official, default);
        ModelDimensions size = _model.Dimensions;
        _pager = new MemoryPager(_backend, new SliceGeometry((2 * size.KvWidth) + size.KeySize, size.D), new PagerOptions(1L << 30, 4));
        _state = new StateReader(_model, _blocks);
        _comparison = new Comparison(_manifest.Compare, _expected);
    }

    public string Name => _manifest.Case;

    /// <summary>Runs every step and returns what was compared.</summary>
    public async Task<Comparison> RunAsync()
    {
        Manifest memory = await _model.Genesis.WriteAsync(_blocks, default);
        foreach (GoldenStep step in _manifest.Steps)
        {
            int[] ids = [.. _inputs.Integers(step.Input).Select(i => checked((int)i))];
            switch (step.Op)
            {
                case "forward":
                    await ForwardAsync(step, memory, ids);
                    break;
                case "generate":
                    await GenerateAsync(step, memory, ids);
                    break;
                case "inject":
                    memory = await InjectAsync(step, memory, ids);
                    break;
                default:
                    throw new InvalidDataException($"{_folder}: step {step.Id} asks for '{step.Op}', which is none of forward, generate, inject.");
            }
        }

        _comparison.CheckCompleteness(_manifest.Steps.SelectMany(s => s.Expect));
        return _comparison;
    }

    public void Dispose()
    {
        _pager.Dispose();
        _model.Dispose();
        _checkpoint.Dispose();
        _expected.Dispose();
        _inputs.Dispose();
        _backend.Dispose();
    }

    private async Task ForwardAsync(GoldenStep step, Manifest memory, int[] ids)
    {
        var probe = new ReadProbe(_backend, _model);
        using PinHandle rows = await _pager.PinForReadAsync(memory, _blocks, default);
        using ReadSession session = _model.NewSession(memory, ids.Length, 0);
        await _model.PrefillAsync(session, rows, ids, probe, default);

        _comparison.Check($"{step.Id}.logits", Wide(probe.Logits), ids.Length, _model.Dimensions.Vocabulary);
        double[] hidden = [.. probe.HiddenStates.SelectMany(Wide)];
        _comparison.Check($"{step.Id}.hidden_states", hidden, probe.HiddenStates.Count, ids.Length, _model.Dimensions.D);
        await CheckRetrievalAsync(step, memory, probe);
    }

    private async Task GenerateAsync(GoldenStep step, Manifest memory, int[] ids)
    {
        var probe = new ReadProbe(_backend, _model);
        using PinHandle rows = await _pager.PinForReadAsync(memory, _blocks, default);
        using ReadSession session = _model.NewSession(memory, ids.Length, step.MaxNewTokens);
        await _model.PrefillAsync(session, rows, ids, probe, default);
        var tokens = new long[step.MaxNewTokens];
        List<double> logits = [];
        for (int i = 0; i < tokens.Length; i++)
        {
            if (i > 0) _model.Extend(session, [(int)tokens[i - 1]], default);
            logits.AddRange(Wide(session.Logits.ToArray()));
            tokens[i] = session.Logits.IndexOf(System.Numerics.Tensors.TensorPrimitives.Max<float>(session.Logits));
        }

        _comparison.Check($"{step.Id}.tokens", tokens, tokens.Length);
        _comparison.Check($"{step.Id}.step_logits", [.. logits], tokens.Length, _model.Dimensions.Vocabulary);
        await CheckRetrievalAsync(step, memory, probe);
    }

    private async Task<Manifest> InjectAsync(GoldenStep step, Manifest memory, int[] ids)
    {
        bool empty = memory.Layers[0].PoolRows == 0;
        using PinHandle? newest = empty ? null : await _pager.PinForWriteAsync(memory, _model.Dimensions.K, _blocks, default);
        using NewRows rows = _model.Write(ids, newest, default);
        await CheckDeltaAsync(step, rows);
        if (!step.UpdateMemory) return memory;

        var block = _blocks.NextBlock();
        for (int layer = 0; layer < _model.Dimensions.L; layer++)
        {
            (BlockSlice hidden, BlockSlice read) = _model.Encode(block, layer, rows);
            await _blocks.StageAsync(hidden, default);
            await _blocks.StageAsync(read, default);
        }

        Manifest next = _model.Next(memory, block, rows.Rows, Drops(step)).Apply(memory);
        await CheckStateAsync(step, next);
        return next;
    }

    private RecordedDrops Drops(GoldenStep step)
    {
        string? name = step.Replay.FirstOrDefault(n => n.EndsWith(".dropped", StringComparison.Ordinal));
        return name is null ? new RecordedDrops([], 1) : new RecordedDrops(_inputs.Integers(name), _inputs.Shape(name)[0]);
    }

    private Task CheckDeltaAsync(GoldenStep step, NewRows rows)
    {
        List<double> delta = [];
        for (int layer = 0; layer < _model.Dimensions.L; layer++)
        {
            float[] values = new float[rows.Rows * _model.Dimensions.D];
            _backend.Download(rows.Layer(layer), ElementType.F32, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
            delta.AddRange(Wide(values));
        }

        _comparison.Check($"{step.Id}.delta_memory", [.. delta], _model.Dimensions.L, rows.Rows, _model.Dimensions.D);
        return Task.CompletedTask;
    }

    private async Task CheckStateAsync(GoldenStep step, Manifest memory)
    {
        ModelDimensions size = _model.Dimensions;
        int layers = size.L;
        List<double> pool = [];
        for (int layer = 0; layer < layers; layer++) pool.AddRange(await _state.PoolAsync(memory, layer));
        _comparison.Check($"{step.Id}.memory", [.. pool], layers, memory.Layers[0].PoolRows, size.D);
        if (!_model.Rules.KeepsBank) return;

        long[] poolAges = [.. Enumerable.Range(0, layers).SelectMany(l => StateReader.PoolAges(memory, l))];
        _comparison.Check($"{step.Id}.memory_ages", poolAges, layers, memory.Layers[0].PoolRows);
        _comparison.Check($"{step.Id}.update_step", (long[])[memory.Writes % _model.Rules.MergeEvery * size.K]);
        using PinHandle rows = await _pager.PinForReadAsync(memory, _blocks, default);
        for (int layer = 0; layer < layers; layer++) await CheckBankAsync(step, memory, rows, layer);
        await CheckStageAsync(step, memory, rows);
    }

    private async Task CheckBankAsync(GoldenStep step, Manifest memory, IMemoryRows rows, int layer)
    {
        int count = StateReader.BankRows(memory, layer, staged: false);
        _comparison.Check($"{step.Id}.ltm.{layer}", await _state.BankAsync(memory, layer, false, SlicePart.Hidden, SliceColumn.Hidden), count, _model.Dimensions.D);
        _comparison.Check($"{step.Id}.ltm_keys.{layer}", await _state.BankAsync(memory, layer, false, SlicePart.Read, SliceColumn.RetrievalKey), count, _model.Dimensions.KeySize);
        _comparison.Check($"{step.Id}.ltm_recall_frequencies.{layer}", StateReader.Lives(memory, layer), count);
        _comparison.Check($"{step.Id}.ltm_ages.{layer}", _state.BankAges(rows, layer, staged: false), count);
    }

    private async Task CheckStageAsync(GoldenStep step, Manifest memory, IMemoryRows rows)
    {
        int staged = StateReader.BankRows(memory, 0, staged: true);
        if (staged == 0) return;
        int layers = _model.Dimensions.L;
        List<double> hidden = [];
        List<double> keys = [];
        List<long> ages = [];
        for (int layer = 0; layer < layers; layer++)
        {
            hidden.AddRange(await _state.BankAsync(memory, layer, true, SlicePart.Hidden, SliceColumn.Hidden));
            keys.AddRange(await _state.BankAsync(memory, layer, true, SlicePart.Read, SliceColumn.RetrievalKey));
            ages.AddRange(_state.BankAges(rows, layer, staged: true));
        }

        _comparison.Check($"{step.Id}.cached_dropped_memories", [.. hidden], layers, staged, _model.Dimensions.D);
        _comparison.Check($"{step.Id}.cached_dropped_keys", [.. keys], layers, staged, _model.Dimensions.KeySize);
        _comparison.Check($"{step.Id}.cached_dropped_memory_ages", (long[])[.. ages], layers, staged);
    }

    private async Task CheckRetrievalAsync(GoldenStep step, Manifest memory, ReadProbe probe)
    {
        if (probe.Positions.Count == 0) return;
        List<long> order = [];
        List<double> hidden = [];
        foreach ((int layer, int[] positions) in probe.Positions)
        {
            if (probe.Scores.TryGetValue(layer, out float[]? scores)) _comparison.Check($"{step.Id}.retrieval_scores.{layer}", Wide(scores), scores.Length);
            long[] official = OfficialIndices(memory, layer, positions, scores is not null);
            _comparison.Check($"{step.Id}.ltm_indices_official.{layer}", official, official.Length);
            order.AddRange(positions.Select(p => (long)p));
            hidden.AddRange(await _state.BankAtAsync(memory, layer, positions));
        }

        int each = order.Count / probe.Positions.Count;
        _comparison.Check($"{step.Id}.retrieval_order", (long[])[.. order], probe.Positions.Count, each);
        _comparison.Check($"{step.Id}.retrieval_hidden", [.. hidden], probe.Positions.Count, each, _model.Dimensions.D);
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

    private static double[] Wide(float[] values) => Array.ConvertAll(values, v => (double)v);
}
