using System.Runtime.Intrinsics;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>
/// The managed back end: all cores, the widest vectors of the processor, no native dependency. The same call gives the same bits whatever the
/// number of threads; a row of a product does not depend on the other rows of the call. After the first calls none allocates.
/// </summary>
internal sealed unsafe class CpuBackend : IComputeBackend
{
    // Callers whose working memory is kept; with more at once, the others' is allocated and freed.
    private const int CallsAtOnce = 8;

    private readonly WorkerPool _pool;
    private readonly KernelSet _kernels;
    private readonly RopeTables _ropeTables = new();
    private readonly JobRack<RowsJob> _rowsJobs = new();
    private readonly JobRack<GemmJob> _gemmJobs = new();
    private readonly JobRack<AttentionJob> _attentionJobs = new();
    private readonly JobRack<RetrievalJob> _retrievalJobs = new();
    private readonly ScratchArena _callScratch;
    private readonly ScratchArena _rangeScratch;
    private bool _disposed;

    public CpuBackend(CpuBackendOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        InstructionSet = CpuFeatures.Resolve(options.InstructionSet);
        _kernels = CreateKernels(InstructionSet);
        _pool = new WorkerPool(options.Threads);
        _callScratch = new ScratchArena(CallsAtOnce);
        _rangeScratch = new ScratchArena(options.Threads + CallsAtOnce);
        Name = $"cpu ({CpuFeatures.Describe(InstructionSet)}, {options.Threads} {(options.Threads == 1 ? "thread" : "threads")})";
    }

    public string Name { get; }

    public bool SharesHostMemory => true;

    public CpuInstructionSet InstructionSet { get; }

    public DeviceBuffer Allocate(long elements, ElementType type = ElementType.F32)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new CpuBuffer(elements, type);
    }

    public WeightMatrix Pack(ReadOnlySpan<byte> rowMajor, ElementType source, int outputs, int inputs, ElementType storage)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentShapes.HostBytes(rowMajor.Length, source, (long)outputs * inputs, nameof(rowMajor));
        if (storage is not (ElementType.F32 or ElementType.BF16 or ElementType.I8))
            throw new ArgumentException($"Weights are stored as F32, BF16 or I8, not {storage}.", nameof(storage));
        var weights = new PackedWeights(outputs, inputs, storage);
        PanelPacking.Pack(_pool, _kernels, rowMajor, source, weights);
        return weights;
    }

    public void Upload(ReadOnlySpan<byte> source, ElementType type, MatrixView target)
    {
        ArgumentShapes.HostBytes(source.Length, type, (long)target.Rows * target.Columns, nameof(source));
        if (target.Buffer is not null && target.Type != ElementType.F32)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            StoredRows.Upload(source, type, target);
            return;
        }

        using HeldMatrix held = HeldMatrix.Open(target, nameof(target));
        RowsJob job = RentRows();
        try
        {
            HostCopies.Upload(_pool, job, source, type, held.Matrix);
        }
        finally
        {
            _rowsJobs.Return(job);
        }
    }

    public void Download(MatrixView source, ElementType type, Span<byte> target)
    {
        ArgumentShapes.HostBytes(target.Length, type, (long)source.Rows * source.Columns, nameof(target));
        using HeldMatrix held = HeldMatrix.Open(source, nameof(source));
        RowsJob job = RentRows();
        try
        {
            HostCopies.Download(_pool, job, held.Matrix, type, target);
        }
        finally
        {
            _rowsJobs.Return(job);
        }
    }

    public void Multiply(MatrixView x, WeightMatrix weight, MatrixView y, bool accumulate = false, float scale = 1)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        GemmJob job = _gemmJobs.Rent();
        try
        {
            job.Products.Begin(x, norm: null);
            job.Products.Add(weight, y, accumulate, scale);
            if (x.Rows > 0) job.Execute(_pool, _kernels, _callScratch, _rangeScratch);
        }
        finally
        {
            Return(job);
        }
    }

    public void MultiplyAll(MatrixView x, RowNorm? norm, ReadOnlySpan<WeightProduct> products)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(products.Length, IComputeBackend.MostProducts, nameof(products));
        GemmJob job = _gemmJobs.Rent();
        try
        {
            job.Products.Begin(x, norm);
            foreach (ref readonly WeightProduct product in products) job.Products.Add(product.Weight, product.Y);
            if (x.Rows > 0 && products.Length > 0) job.Execute(_pool, _kernels, _callScratch, _rangeScratch);
        }
        finally
        {
            Return(job);
        }
    }

    public void GatedMultiply(MatrixView x, RowNorm? norm, WeightMatrix gate, WeightMatrix up, MatrixView y)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        GemmJob job = _gemmJobs.Rent();
        try
        {
            job.Products.Begin(x, norm);
            job.Products.Add(gate, y);
            job.Products.Add(up, y);
            if (x.Rows > 0) job.Execute(_pool, _kernels, _callScratch, _rangeScratch, isGated: true);
        }
        finally
        {
            Return(job);
        }
    }

    public void RmsNorm(MatrixView x, MatrixView gain, float epsilon, MatrixView y)
    {
        ArgumentShapes.Row(gain, x.Columns, nameof(gain));
        ArgumentShapes.SameShape(y, x, nameof(y));
        using HeldMatrix heldGain = HeldMatrix.Open(gain, nameof(gain));
        RowsJob job = RentRows();
        job.Operation = RowOperation.RmsNorm;
        job.Row = heldGain.Matrix;
        job.Epsilon = epsilon;
        Execute(job, x, y);
    }

    public void Rope(MatrixView x, int headSize, int firstPosition, ReadOnlySpan<float> inverseFrequencies)
    {
        ArgumentShapes.Rotation(x, headSize, inverseFrequencies, nameof(x));
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        RowsJob job = RentRows();
        job.Operation = RowOperation.Rope;
        job.HeadSize = headSize;
        job.FirstPosition = firstPosition;
        job.Angles = _ropeTables.Get(inverseFrequencies, checked(firstPosition + x.Rows));
        Execute(job, x, x);
    }

    public void Rope(MatrixView x, int headSize, ReadOnlySpan<int> positions, ReadOnlySpan<float> inverseFrequencies)
    {
        ArgumentShapes.Rotation(x, headSize, inverseFrequencies, nameof(x));
        ArgumentShapes.Equal(positions.Length, x.Rows, "The number of positions", nameof(positions));
        RowsJob job = RentRows();
        job.Operation = RowOperation.RopeAt;
        job.HeadSize = headSize;
        job.Angles = _ropeTables.Get(inverseFrequencies, checked(ArgumentShapes.Highest(positions, nameof(positions)) + 1));
        fixed (int* pinned = positions)
        {
            job.Positions = pinned;
            Execute(job, x, x);
        }
    }

    public void Attention(
        MatrixView q,
        ReadOnlySpan<AttentionSpan> sequences,
        ReadOnlySpan<KeySegment> segments,
        int headSize,
        ReadOnlySpan<float> inverseFrequencies,
        MatrixView output)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(headSize, 1);
        ArgumentShapes.SameShape(output, q, nameof(output));
        ArgumentShapes.Distinct(output, q, nameof(output));
        if (sequences.IsEmpty) return;
        int positions = AttentionShapes.Check(q, sequences, segments, headSize);
        if (positions > 0)
        {
            ArgumentShapes.Multiple(headSize, 2, "The head size", nameof(headSize));
            ArgumentShapes.Equal(inverseFrequencies.Length, headSize / 2, "The number of frequencies", nameof(inverseFrequencies));
        }

        float[] angles = positions == 0 ? [] : _ropeTables.Get(inverseFrequencies, positions);
        using HeldMatrix heldQ = HeldMatrix.Open(q, nameof(q));
        using HeldMatrix heldOutput = HeldMatrix.Open(output, nameof(output));
        AttentionJob job = _attentionJobs.Rent();
        try
        {
            job.Execute(_pool, _kernels, _callScratch, _rangeScratch, new AttentionBatch
            {
                Sequences = sequences,
                Segments = segments,
                Q = heldQ.Matrix,
                Output = heldOutput.Matrix,
                KeyValueHeads = segments[0].Keys.Columns / headSize,
                HeadSize = headSize,
            }, angles);
        }
        finally
        {
            _attentionJobs.Return(job);
        }
    }

    public void SiluMultiply(MatrixView gate, MatrixView up) => ExecuteInPlace(RowOperation.SiluMultiply, up, gate, nameof(up));

    public void Silu(MatrixView x) => ExecuteInPlace(RowOperation.Silu, x, x, nameof(x));

    public void Add(MatrixView x, MatrixView y) => ExecuteInPlace(RowOperation.Add, x, y, nameof(x));

    public void AddRow(MatrixView row, MatrixView y)
    {
        ArgumentShapes.Row(row, y.Columns, nameof(row));
        using HeldMatrix heldRow = HeldMatrix.Open(row, nameof(row));
        RowsJob job = RentRows();
        job.Operation = RowOperation.AddRow;
        job.Row = heldRow.Matrix;
        Execute(job, y, y);
    }

    public void Copy(MatrixView source, MatrixView target)
    {
        if (source.Buffer is { Type: not ElementType.F32 })
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ArgumentShapes.SameShape(source, target, nameof(source));
            StoredRows.Copy(_kernels, source, target);
            return;
        }

        ExecuteInPlace(RowOperation.Copy, source, target, nameof(source));
    }

    public void Gather(MatrixView table, ReadOnlySpan<int> indices, MatrixView target)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentShapes.Equal(target.Columns, table.Columns, "The columns of the target", nameof(target));
        ArgumentShapes.Equal(target.Rows, indices.Length, "The rows of the target", nameof(target));
        foreach (int index in indices)
        {
            if ((uint)index >= (uint)table.Rows)
                throw new ArgumentOutOfRangeException(nameof(indices), index, $"The table has {table.Rows} rows.");
        }

        using HeldMatrix heldTable = HeldMatrix.Open(table, nameof(table));
        using HeldMatrix heldTarget = HeldMatrix.Open(target, nameof(target));
        HostCopies.Gather(heldTable.Matrix, indices, heldTarget.Matrix);
    }

    public void RetrievalScores(MatrixView q, ReadOnlySpan<MatrixView> keys, Span<float> scores)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (q.Rows == 0) throw new ArgumentException("A mean over no query rows is undefined.", nameof(q));
        int rows = 0;
        foreach (ref readonly MatrixView part in keys)
        {
            ArgumentShapes.Equal(part.Columns, q.Columns, "The columns of the keys", nameof(keys));
            rows = checked(rows + part.Rows);
        }

        ArgumentShapes.Equal(scores.Length, rows, "The number of scores", nameof(scores));
        using HeldMatrix heldQ = HeldMatrix.Open(q, nameof(q));
        RetrievalJob job = _retrievalJobs.Rent();
        try
        {
            job.Execute(_pool, _kernels, _rangeScratch, heldQ.Matrix, keys, scores);
        }
        finally
        {
            _retrievalJobs.Return(job);
        }
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _pool.Dispose();
        _callScratch.Dispose();
        _rangeScratch.Dispose();
    }

    private static KernelSet CreateKernels(CpuInstructionSet set) => set switch
    {
        CpuInstructionSet.Avx512 => new VectorKernels<TallTile<Simd512, Vector512<float>>, Simd512, Vector512<float>>(),
        CpuInstructionSet.Avx2 => new VectorKernels<FlatTile<Simd256, Vector256<float>>, Simd256, Vector256<float>>(),
        CpuInstructionSet.Vector128 => new VectorKernels<FlatTile<Simd128, Vector128<float>>, Simd128, Vector128<float>>(),
        _ => new ScalarKernels(),
    };

    private void Return(GemmJob job)
    {
        job.Products.Release();
        _gemmJobs.Return(job);
    }

    private RowsJob RentRows()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        RowsJob job = _rowsJobs.Rent();
        job.Kernels = _kernels;
        return job;
    }

    private void ExecuteInPlace(RowOperation operation, MatrixView source, MatrixView target, string name)
    {
        ArgumentShapes.SameShape(source, target, name);
        RowsJob job = RentRows();
        job.Operation = operation;
        Execute(job, source, target);
    }

    private void Execute(RowsJob job, MatrixView source, MatrixView target)
    {
        try
        {
            using HeldMatrix heldSource = HeldMatrix.Open(source, nameof(source));
            using HeldMatrix heldTarget = HeldMatrix.Open(target, nameof(target));
            job.Execute(_pool, heldSource.Matrix, heldTarget.Matrix);
        }
        finally
        {
            _rowsJobs.Return(job);
        }
    }
}
