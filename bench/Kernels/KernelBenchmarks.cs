using BenchmarkDotNet.Attributes;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;

namespace LatentDb.Kernels;

/// <summary>A back end with all cores, and operands that go with it.</summary>
public abstract class KernelBenchmarks
{
    internal CpuBackend Backend { get; private set; } = null!;

    internal KernelOperands Operands { get; private set; } = null!;

    [GlobalSetup]
    public void Open()
    {
        Backend = new CpuBackend(new CpuBackendOptions());
        Operands = new KernelOperands(Backend);
        Prepare();
    }

    [GlobalCleanup]
    public void Close()
    {
        Operands.Dispose();
        Backend.Dispose();
    }

    protected abstract void Prepare();
}

/// <summary>Products of many rows: bound by multiply-adds.</summary>
[MemoryDiagnoser]
public class GemmBenchmarks : KernelBenchmarks
{
    private MatrixView _x;
    private MatrixView _y;
    private WeightMatrix _weight = null!;

    [Params(64, 256, 512)]
    public int Rows { get; set; }

    [Params(1024, 4096)]
    public int Width { get; set; }

    [Params(ElementType.F32, ElementType.BF16)]
    public ElementType Storage { get; set; }

    [Benchmark]
    public void Multiply() => Backend.Multiply(_x, _weight, _y);

    protected override void Prepare()
    {
        _x = Operands.Matrix(Rows, Width);
        _y = Operands.Matrix(Rows, Width);
        _weight = Operands.Weight(Width, Width, Storage);
    }
}

/// <summary>Products of few rows: bound by reading the weight, which is many times the last-level cache.</summary>
[MemoryDiagnoser]
public class GemvBenchmarks : KernelBenchmarks
{
    private const int Width = 4096;
    private const int Outputs = 32768;

    private MatrixView _x;
    private MatrixView _y;
    private WeightMatrix _weight = null!;

    [Params(1, 2, 4)]
    public int Rows { get; set; }

    [Params(ElementType.F32, ElementType.BF16)]
    public ElementType Storage { get; set; }

    [Benchmark]
    public void Multiply() => Backend.Multiply(_x, _weight, _y);

    protected override void Prepare()
    {
        _x = Operands.Matrix(Rows, Width);
        _y = Operands.Matrix(Rows, Outputs);
        _weight = Operands.Weight(Outputs, Width, Storage);
    }
}

/// <summary>32 heads of 128 over 8 key-value heads: a decode step and a chunk.</summary>
[MemoryDiagnoser]
public class AttentionBenchmarks : KernelBenchmarks
{
    private const int HeadSize = 128;

    private MatrixView _q;
    private MatrixView _k;
    private MatrixView _v;
    private MatrixView _output;

    [Params(1, 512)]
    public int Rows { get; set; }

    [Params(1024, 8192)]
    public int Keys { get; set; }

    [Benchmark]
    public void Attention() => Backend.Attend(_q, _k, _v, HeadSize, _output);

    protected override void Prepare()
    {
        _q = Operands.Matrix(Rows, 32 * HeadSize);
        _output = Operands.Matrix(Rows, 32 * HeadSize);
        _k = Operands.Matrix(Keys, 8 * HeadSize);
        _v = Operands.Matrix(Keys, 8 * HeadSize);
    }
}

/// <summary>The score of M+ over a bank of 32 768 keys.</summary>
[MemoryDiagnoser]
public class RetrievalScoresBenchmarks : KernelBenchmarks
{
    private const int Keys = 32768;
    private const int Width = 1024;

    private readonly float[] _scores = new float[Keys];
    private MatrixView _q;
    private MatrixView _keys;

    [Params(1, 32, 256)]
    public int Rows { get; set; }

    [Benchmark]
    public void RetrievalScores() => Backend.RetrievalScores(_q, [_keys], _scores);

    protected override void Prepare()
    {
        _q = Operands.Matrix(Rows, Width);
        _keys = Operands.Matrix(Keys, Width);
    }
}
