using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>How the back end behaves in use: no garbage, several callers, refusals.</summary>
public sealed class BackendUseTests
{
    private static readonly int[] Indices = [1, 2];
    private static readonly float[] Frequencies = [1f, 0.5f, 0.25f, 0.125f];

    [Fact]
    public void Operations_allocate_nothing_after_warm_up()
    {
        using CpuBackend backend = Backends.Create("Auto");
        using var step = new Step(backend);
        for (int i = 0; i < 50; i++) step.Run(rows: 16, position: i);
        for (int i = 0; i < 50; i++) step.Run(rows: 1, position: i);

        long bytes = Allocations.LeastOf(() =>
        {
            for (int i = 0; i < 20; i++) step.Run(rows: 16, position: i);
            for (int i = 0; i < 20; i++) step.Run(rows: 1, position: i);
        });

        Assert.Equal(0, bytes);
    }

    [Fact]
    public async Task Several_callers_get_what_one_gets()
    {
        using CpuBackend backend = Backends.Create("Auto", threads: 3);
        using var alone = new Step(backend);
        float[] expected = alone.Run(16, 3);

        float[][] results = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() =>
        {
            using var step = new Step(backend);
            float[] last = [];
            for (int i = 0; i < 20; i++) last = step.Run(16, 3);
            return last;
        })));

        Assert.All(results, result => Assert.Equal(expected, result));
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using CpuBackend backend = Backends.Create("Auto");
        using DeviceBuffer buffer = backend.Allocate(1000);
        using WeightMatrix weight = backend.Pack(new byte[6 * 4 * 4], ElementType.F32, 6, 4, ElementType.F32);
        using WeightMatrix narrow = backend.Pack(new byte[5 * 4 * 4], ElementType.F32, 5, 4, ElementType.F32);
        MatrixView four = buffer.AsMatrix(2, 4);
        var six = new MatrixView(buffer, 500, 2, 6, 6);

        Assert.Throws<ArgumentException>(() => backend.Multiply(six, weight, four));
        Assert.Throws<ArgumentException>(() => backend.Multiply(four, weight, six.SliceRows(0, 1)));
        Assert.Throws<ArgumentException>(() => backend.Multiply(four, weight, six, accumulate: false, scale: 2));
        Assert.Throws<ArgumentException>(() => backend.Multiply(four, weight, new MatrixView(buffer, 0, 2, 6, 6)));
        Assert.Throws<ArgumentException>(() => backend.MultiplyAll(four, new RowNorm(four, 1e-5f), [new WeightProduct(weight, six)]));
        Assert.Throws<ArgumentException>(() => backend.MultiplyAll(four, norm: null, [new WeightProduct(weight, six), new WeightProduct(weight, four)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.MultiplyAll(four, norm: null, new WeightProduct[4]));
        Assert.Throws<ArgumentException>(() => backend.GatedMultiply(four, norm: null, weight, narrow, six));
        Assert.Throws<ArgumentException>(() => backend.RmsNorm(four, four, 1e-5f, four));
        Assert.Throws<ArgumentException>(() => backend.Rope(four, 3, 0, [1]));
        Assert.Throws<ArgumentException>(() => backend.Rope(four, 4, 0, [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.Rope(four, 2, -1, [1]));
        Assert.Throws<ArgumentException>(() => backend.Attend(four, four.SliceRows(0, 1), four.SliceRows(0, 1), 2, new MatrixView(buffer, 100, 2, 4, 4)));
        Assert.Throws<ArgumentException>(() => backend.Add(four, six));
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.Gather(four, [2], six.SliceColumns(0, 4).SliceRows(0, 1)));
        Assert.Throws<ArgumentException>(() => backend.RetrievalScores(four.SliceRows(0, 0), [four], new float[2]));
        Assert.Throws<ArgumentException>(() => backend.Upload(new byte[7], ElementType.F32, four));
        Assert.Throws<ArgumentException>(() => backend.Download(four, ElementType.I8, new byte[8]));
        Assert.Throws<ArgumentException>(() => backend.Pack(new byte[6 * 4 * 4], ElementType.F32, 6, 4, ElementType.F16));
    }

    [Fact]
    public void What_was_disposed_is_refused()
    {
        CpuBackend backend = Backends.Create("Auto");
        DeviceBuffer buffer = backend.Allocate(8);
        using DeviceBuffer alive = backend.Allocate(8);
        WeightMatrix weight = backend.Pack(new byte[16], ElementType.F32, 2, 2, ElementType.F32);
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => backend.Silu(buffer.AsMatrix(2, 4)));
        weight.Dispose();
        Assert.Throws<ObjectDisposedException>(() => backend.Multiply(alive.AsMatrix(1, 2), weight, new MatrixView(alive, 4, 1, 2, 2)));

        backend.Dispose();

        Assert.Throws<ObjectDisposedException>(() => backend.Silu(alive.AsMatrix(2, 4)));
        Assert.Throws<ObjectDisposedException>(() => backend.Allocate(1));
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuBackend(new CpuBackendOptions { Threads = 0 }));
        Assert.Throws<ArgumentException>(() => new CpuBackend(new CpuBackendOptions { InstructionSet = (CpuInstructionSet)99 }));
    }

    [Fact]
    public void The_name_tells_instruction_set_and_threads()
    {
        using CpuBackend backend = Backends.Create("Scalar", threads: 1);

        Assert.Equal("cpu (scalar, 1 thread)", backend.Name);
    }

    /// <summary>One layer's worth of calls on buffers of its own.</summary>
    private sealed class Step : IDisposable
    {
        private const int Width = 64;
        private const int Keys = 200;

        private readonly CpuBackend _backend;
        private readonly DeviceBuffer _x;
        private readonly DeviceBuffer _y;
        private readonly DeviceBuffer _other;
        private readonly DeviceBuffer _keys;
        private readonly DeviceBuffer _start;
        private readonly WeightMatrix _weight;
        private readonly float[] _scores = new float[Keys];
        private readonly float[] _result = new float[16 * Width];

        public Step(CpuBackend backend)
        {
            _backend = backend;
            SeededRandom random = new(40);
            _x = backend.Allocate(16 * Width);
            _y = backend.Allocate(16 * Width);
            _other = backend.Allocate(16 * Width);
            _start = backend.Allocate(16 * Width);
            _keys = backend.Allocate(Keys * Width);
            Upload(_keys, Grid.Random(random, Keys * Width));
            Upload(_start, Grid.Random(random, 16 * Width));
            _weight = backend.Pack(MemoryMarshal.AsBytes(Grid.Random(random, Width * Width).AsSpan()), ElementType.F32, Width, Width, ElementType.BF16);
        }

        public float[] Run(int rows, int position)
        {
            MatrixView x = _x.AsMatrix(rows, Width);
            MatrixView y = _y.AsMatrix(rows, Width);
            MatrixView keys = _keys.AsMatrix(Keys, Width);
            _backend.Copy(_start.AsMatrix(rows, Width), x);
            _backend.RmsNorm(x, _keys.AsMatrix(1, Width), 1e-5f, y);
            _backend.MultiplyAll(x, new RowNorm(_keys.AsMatrix(1, Width), 1e-5f), [new WeightProduct(_weight, y), new WeightProduct(_weight, _other.AsMatrix(rows, Width))]);
            _backend.GatedMultiply(y, new RowNorm(_keys.AsMatrix(1, Width), 1e-5f), _weight, _weight, _other.AsMatrix(rows, Width));
            _backend.Multiply(_other.AsMatrix(rows, Width), _weight, x);
            _backend.Rope(x, 8, position, Frequencies);
            _backend.Attend(x, keys, keys, 8, y);
            _backend.SiluMultiply(y, x);
            _backend.Silu(y);
            _backend.Add(x, y);
            _backend.AddRow(_keys.AsMatrix(1, Width), y);
            _backend.Gather(keys, Indices, _x.AsMatrix(2, Width));
            _backend.RetrievalScores(y, [keys], _scores);
            _backend.Download(y, ElementType.F32, MemoryMarshal.AsBytes(_result.AsSpan(0, rows * Width)));
            return _result;
        }

        public void Dispose()
        {
            _x.Dispose();
            _y.Dispose();
            _other.Dispose();
            _keys.Dispose();
            _start.Dispose();
            _weight.Dispose();
        }

        private void Upload(DeviceBuffer buffer, float[] values) =>
            _backend.Upload(MemoryMarshal.AsBytes(values.AsSpan()), ElementType.F32, buffer.AsMatrix(values.Length / Width, Width));
    }
}
