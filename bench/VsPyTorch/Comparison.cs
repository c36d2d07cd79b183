using System.Runtime.InteropServices;
using LatentDb.Kernels;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;
using LatentDb.ModelHost.Hosting;
using LatentDb.Store;
using LatentDb.VsPyTorch.Memories;

namespace LatentDb.VsPyTorch;

/// <summary>Runs the chosen contests on one checkpoint.</summary>
internal sealed class Comparison(Settings settings)
{
    private const int QuestionTokens = 32;

    // Far from the writes of the memories that are asked; a memory of some weeks has about as many.
    private const int WritesPerMemory = 48;

    // One timing of a product lasts some 40 ms: a single small one would be the way to it and back.
    private const double FlopsPerTiming = 1e10;

    // Weights up to here stay in the last-level cache between two products.
    private const double CacheBytes = 32 << 20;

    private static readonly (int M, int Outputs, int Inputs)[] Products =
        [(512, 768, 768), (512, 2048, 768), (512, 1024, 1024), (512, 4096, 4096), (128, 4096, 1024), (16, 768, 2048), (16, 4096, 4096), (1, 4096, 4096)];

    private static readonly int[] BankRows = [2_048, 10_240, 30_720, 100_096];

    private readonly List<PythonPeer> _peers = [];
    private Report _report = new([]);
    private Floors _floors = new(1, 1);

    public async Task RunAsync()
    {
        _floors = Floors.Measure(settings.Threads);
        if (settings.HasPeers) await StartPeersAsync();
        try
        {
            _report = new Report([.. _peers.Select(p => p.Name)]);
            _report.Write(Report.Text($"{Machine.Description}; {settings.Threads} threads a side, medians of {settings.Rounds} rounds in turns; peaks {_floors.FlopsPerSecond / 1e9:0} GFLOP/s, {_floors.BytesPerSecond / 1e9:0.0} GB/s"));
            _report.Write(string.Empty);
            if (settings.Chosen.Contains("gemm")) await GemmAsync();
            if (settings.Chosen.Any(c => c != "gemm")) await ModelAsync();
        }
        finally
        {
            _peers.ForEach(p => p.Dispose());
        }

        if (settings.Out is { } file) await _report.SaveAsync(file);
    }

    private async Task StartPeersAsync()
    {
        _peers.Add(await PythonPeer.StartAsync(settings.Python, settings.Scripts, settings.Model, settings.Threads, null));
        if (settings.BlasCore is { } core) _peers.Add(await PythonPeer.StartAsync(settings.Python, settings.Scripts, settings.Model, settings.Threads, core));
    }

    private async Task GemmAsync()
    {
        using var backend = new CpuBackend(new CpuBackendOptions { Threads = settings.Threads });
        _report.BeginTable(backend.Name);
        foreach ((int m, int outputs, int inputs) in Products)
        {
            using var operands = new KernelOperands(backend);
            WeightMatrix weight = operands.Weight(outputs, inputs, ElementType.F32);
            MatrixView x = operands.Matrix(m, inputs);
            MatrixView y = operands.Matrix(m, outputs);
            double flops = 2.0 * m * outputs * inputs;
            double bytes = sizeof(float) * (double)outputs * inputs;
            int times = (int)Math.Max(1, Math.Ceiling(FlopsPerTiming / flops));
            var contest = new Contest($"fp32 product {m} x {outputs} x {inputs}", "GFLOP/s", LessIsBetter: false)
            {
                Bar = m >= 128 && inputs >= 1024 ? 1.5 : null,
                Floor = flops / _floors.Seconds(flops, bytes > CacheBytes ? bytes : 0) / 1e9,
            };
            _report.Add(await contest.RunAsync(settings.Rounds * 3, Contest.Sides(
                _peers,
                () => Task.FromResult(times * flops / Timed(() => Repeat(times, () => backend.Multiply(x, weight, y))) / 1e9),
                async peer => times * flops / await peer.SecondsAsync(new { @do = "gemm", m, outputs, inputs, times }) / 1e9)));
        }

        _report.Write(string.Empty);
    }

    private async Task ModelAsync()
    {
        var options = new ModelHostOptions { Model = settings.Model, Backend = settings.Backend, Threads = settings.Threads, ResidentBytes = 12L << 30 };
        using LoadedModel model = await LoadedModel.LoadAsync(options);
        var work = new ModelContests(settings, model, new OurSide(model), _floors, _report, _peers);
        int writes = settings.IsTiny ? 12 : WritesPerMemory;
        RandomMemory[] memories = model.NewMemories(16, writes);
        await ShareAsync("m0", memories[0]);
        RandomMemory young = model.NewMemory(); // its bank has as many rows as are read: nothing to choose
        young.Grow(0, (model.Facts.RetrievedRows + model.Facts.RowsPerWrite - 1) / model.Facts.RowsPerWrite, 77);
        await ShareAsync("young", young);
        if (_peers.Count > 0) await work.AgreeAsync(_peers[0], [("m0", memories[0]), ("young", young)], QuestionTokens);
        _report.BeginTable(model.Facts.Backend);
        if (settings.Chosen.Contains("inject")) await work.InjectAsync(memories[0]);
        if (settings.Chosen.Contains("ttft")) await work.FirstTokenAsync(memories[0], "m0", QuestionTokens, "a full pool", bar: 5);
        if (settings.Chosen.Contains("decode")) await work.DecodeAsync(memories[..1], QuestionTokens, bar: 1.5);
        if (settings.Chosen.Contains("many"))
        {
            for (int i = 1; i < memories.Length; i++) await ShareAsync($"m{i}", memories[i]);
            await work.DecodeAsync(memories, QuestionTokens, bar: null);
        }

        if (settings.Chosen.Contains("bank")) await BanksAsync(model, work);
    }

    private async Task BanksAsync(LoadedModel model, ModelContests work)
    {
        RandomMemory memory = model.NewMemory();
        int grown = 0;
        List<double> ours = [];
        foreach (int rows in settings.IsTiny ? [512, 4096] : BankRows)
        {
            int writes = rows / model.Facts.RowsPerWrite;
            memory.Grow(grown, writes - grown, 99);
            grown = writes;
            await ShareAsync("bank", memory);
            ours.Add(await work.FirstTokenAsync(memory, "bank", QuestionTokens, Report.Text($"a bank of {memory.BankRows} rows"), bar: null));
        }

        _report.Write(string.Empty);
        _report.Write(Report.Text($"Time to first token, largest bank against smallest: {ours[^1] / ours[0]:0.00} (bar 1.20)."));
    }

    /// <summary>Tells the peers what a memory consists of.</summary>
    private async Task ShareAsync(string name, RandomMemory memory)
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, MemoryMarshal.AsBytes(memory.Numbers().AsSpan()).ToArray());
            foreach (PythonPeer peer in _peers) await peer.AskAsync(new { @do = "memory", name, file, bank_rows = memory.BankRows });
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Repeat(int times, Action work)
    {
        for (int i = 0; i < times; i++) work();
    }

    private static double Timed(Action work)
    {
        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        work();
        return System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
