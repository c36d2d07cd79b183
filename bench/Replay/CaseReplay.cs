using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute.Cpu;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Passes;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.ModelHost.Paging;

namespace LatentDb.Replay;

/// <summary>Replays one case through the classes that serve requests: pager, passes, pool update. Only the drops are given instead of drawn.</summary>
internal sealed class CaseReplay : IDisposable
{
    private readonly GoldenManifest _manifest;
    private readonly List<IDisposable> _owned = [];
    private readonly GoldenTensors _inputs;
    private readonly CpuBackend _backend;
    private readonly MemoryModel _model;
    private readonly MemoryPager _pager;
    private readonly InMemoryBlocks _blocks = new();
    private readonly Comparison _comparison;
    private readonly StepChecks _checks;

    public CaseReplay(string folder)
    {
        try
        {
            _manifest = GoldenManifest.Read(Path.Combine(folder, "manifest.json"));
            GoldenFiles files = _manifest.Files;
            _inputs = Own(new GoldenTensors(Path.Combine(folder, files.Inputs)));
            GoldenTensors expected = Own(new GoldenTensors(Path.Combine(folder, files.Expected)));
            _manifest.CheckTensors(_inputs, expected);
            _backend = Own(new CpuBackend(new CpuBackendOptions()));
            CheckpointFolder checkpoint = Own(CheckpointFolder.Open(ConfigFolder(folder, files), Path.GetFullPath(Path.Combine(folder, files.Weights))));
            var weights = new WeightLoadOptions { Storage = ElementType.F32, FrequencyRounding = _manifest.Derived.Rounding };
            _model = Own(MemoryModel.Load(checkpoint, _backend, weights, ElementType.F32, CompatibilityMode.Official, default));
            ModelDimensions size = _model.Dimensions;
            _pager = Own(new MemoryPager(_backend, new SliceGeometry(size.KvWidth, size.KeySize, size.D, _model.Encoder.Storage), new PagerOptions(1L << 32, 4)));
            _comparison = new Comparison(_manifest.Compare, expected);
            _checks = new StepChecks(_model, _comparison, new StateReader(_model, _blocks));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Name => _manifest.Case;

    /// <summary>Runs every step and returns what was compared.</summary>
    public async Task<Comparison> RunAsync()
    {
        Manifest memory = await _model.Genesis.WriteAsync(_blocks, default);
        foreach (GoldenStep step in _manifest.Steps)
        {
            try
            {
                memory = await RunStepAsync(step, memory);
            }
            catch (Exception error) when (error is not InvalidDataException)
            {
                throw new InvalidDataException($"step {step.Id} ({step.Op} of {step.Input}): {error.Message}", error);
            }
        }

        _comparison.CheckCompleteness(_manifest.ExpectedNames);
        return _comparison;
    }

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
        _owned.Clear();
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    /// <summary>A checkpoint's settings are always called config.json; a case may take them from another folder.</summary>
    private static string ConfigFolder(string folder, GoldenFiles files)
    {
        string config = Path.GetFullPath(Path.Combine(folder, files.Config));
        return Path.GetFileName(config) == "config.json" ? Path.GetDirectoryName(config)! : throw new InvalidDataException($"{config}: the file must be called config.json.");
    }

    private async Task<Manifest> RunStepAsync(GoldenStep step, Manifest memory)
    {
        int[] ids = [.. _inputs.Integers(step.Input).Select(i => checked((int)i))];
        int wrong = Array.FindIndex(ids, id => (uint)id >= (uint)_model.Dimensions.Vocabulary);
        if (ids.Length == 0) throw new InvalidDataException($"step {step.Id}: '{step.Input}' has no tokens.");
        if (wrong >= 0) throw new InvalidDataException($"step {step.Id}: '{step.Input}' has the token {ids[wrong]} of a vocabulary of {_model.Dimensions.Vocabulary}.");
        switch (step.Op)
        {
            case "forward":
                await ForwardAsync(step, memory, ids);
                return memory;
            case "generate":
                await GenerateAsync(step, memory, ids);
                return memory;
            case "inject":
                return await InjectAsync(step, memory, ids);
            default:
                throw new InvalidDataException($"step {step.Id} asks for '{step.Op}', which is none of forward, generate, inject.");
        }
    }

    private async Task ForwardAsync(GoldenStep step, Manifest memory, int[] ids)
    {
        var probe = new ReadProbe(_backend, _model);
        using PinHandle rows = await _pager.PinForReadAsync(memory, _blocks, default);
        using ReadSession session = _model.NewSession(ids.Length, 0);
        await _model.PrefillAsync(session, rows, new Prompt(ids), probe, default);

        _comparison.Check($"{step.Id}.logits", Wide(probe.Logits), ids.Length, _model.Dimensions.Vocabulary);
        double[] hidden = [.. probe.HiddenStates.SelectMany(Wide)];
        _comparison.Check($"{step.Id}.hidden_states", hidden, probe.HiddenStates.Count, ids.Length, _model.Dimensions.D);
        await _checks.RetrievalAsync(step, memory, probe);
    }

    private async Task GenerateAsync(GoldenStep step, Manifest memory, int[] ids)
    {
        var probe = new ReadProbe(_backend, _model);
        using PinHandle rows = await _pager.PinForReadAsync(memory, _blocks, default);
        using ReadSession session = _model.NewSession(ids.Length, step.MaxNewTokens);
        await _model.PrefillAsync(session, rows, new Prompt(ids), probe, default);
        var tokens = new long[step.MaxNewTokens];
        List<double> logits = [];
        for (int i = 0; i < tokens.Length; i++)
        {
            if (i > 0) _model.Step([session], [(int)tokens[i - 1]]);
            logits.AddRange(Wide(session.Logits.ToArray()));
            tokens[i] = session.Logits.IndexOf(System.Numerics.Tensors.TensorPrimitives.Max<float>(session.Logits));
        }

        _comparison.Check($"{step.Id}.tokens", tokens, tokens.Length);
        _comparison.Check($"{step.Id}.step_logits", [.. logits], tokens.Length, _model.Dimensions.Vocabulary);
        await _checks.RetrievalAsync(step, memory, probe);
    }

    private async Task<Manifest> InjectAsync(GoldenStep step, Manifest memory, int[] ids)
    {
        bool empty = memory.Layers[0].PoolRows == 0;
        using PinHandle? newest = empty ? null : await _pager.PinForWriteAsync(memory, _model.Dimensions.K, _blocks, default);
        using NewRows rows = await _model.WriteAsync(ids, newest, default);
        _checks.Delta(step, rows, _backend);
        if (!step.UpdateMemory) return memory;

        var block = _blocks.NextBlock();
        for (int layer = 0; layer < _model.Dimensions.L; layer++)
        {
            (BlockSlice hidden, BlockSlice read) = _model.Encode(block, layer, rows);
            await _blocks.StageAsync(hidden, default);
            await _blocks.StageAsync(read, default);
        }

        Manifest next = _model.Next(memory, block, rows.Rows, new RecordedDrops(step, _inputs, _model.Rules.DropsPerLayer ? _model.Dimensions.L : 1)).Apply(memory);
        using PinHandle after = await _pager.PinForReadAsync(next, _blocks, default);
        await _checks.StateAsync(step, after);
        return next;
    }

    private static double[] Wide(float[] values) => Array.ConvertAll(values, v => (double)v);
}
