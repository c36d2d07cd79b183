using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>The operations that treat each row alone. A range is a run of rows of about <see cref="ElementsPerRange"/> elements.</summary>
internal sealed unsafe class RowsJob : PoolJob
{
    // 64 KiB: some microseconds of work, well above the cost of claiming a range.
    private const int ElementsPerRange = 16384;

    private int _rowsPerRange;
    private MatrixPointer _source;
    private MatrixPointer _target;

    public KernelSet Kernels { get; set; } = null!;

    public RowOperation Operation { get; set; }

    /// <summary>RmsNorm: the gain.</summary>
    public MatrixPointer Row { get; set; }

    public float Epsilon { get; set; }

    /// <summary>Rope: the angles' table and the position of the first row.</summary>
    public float[] Angles { get; set; } = [];

    public int HeadSize { get; set; }

    public int FirstPosition { get; set; }

    /// <summary>RopeAt: the position of each row.</summary>
    public int* Positions { get; set; }

    public ElementType Type { get; set; }

    /// <summary>Host memory of Upload and Download.</summary>
    public byte* Bytes { get; set; }

    /// <summary>target = f(source, target), row by row.</summary>
    public void Execute(WorkerPool pool, MatrixPointer source, MatrixPointer target)
    {
        _source = source;
        _target = target;
        _rowsPerRange = Math.Max(1, ElementsPerRange / target.Columns);
        pool.Run(this, (target.Rows + _rowsPerRange - 1) / _rowsPerRange);
    }

    public override void Run(int range)
    {
        int first = range * _rowsPerRange;
        int count = Math.Min(_rowsPerRange, _target.Rows - first);
        MatrixPointer target = _target.SliceRows(first, count);
        MatrixPointer source = _source.Rows == _target.Rows ? _source.SliceRows(first, count) : _source;
        switch (Operation)
        {
            case RowOperation.RmsNorm: Kernels.RmsNorm(source, Row.Start, Epsilon, target); break;
            case RowOperation.Rope: Rotate(target, FirstPosition + first); break;
            case RowOperation.RopeAt: RotateAt(target, first); break;
            case RowOperation.SiluMultiply: Kernels.SiluMultiply(target, source); break;
            case RowOperation.Silu: Kernels.Silu(target); break;
            case RowOperation.Add: Kernels.Add(source, target); break;
            case RowOperation.AddRow: Kernels.AddRow(Row.Start, target); break;
            case RowOperation.Copy: CopyRows(source, target); break;
            case RowOperation.Upload: Upload(target, first); break;
            case RowOperation.Download: Download(source, first); break;
            default: throw new NotSupportedException($"Row operation {Operation}.");
        }
    }

    private static void CopyRows(MatrixPointer source, MatrixPointer target)
    {
        for (int row = 0; row < target.Rows; row++)
            new ReadOnlySpan<float>(source.Row(row), target.Columns).CopyTo(new Span<float>(target.Row(row), target.Columns));
    }

    private void Rotate(MatrixPointer rows, int position)
    {
        fixed (float* table = Angles) Kernels.Rope(rows, HeadSize, table + ((nint)position * HeadSize));
    }

    private void RotateAt(MatrixPointer rows, int firstRow)
    {
        fixed (float* table = Angles)
        {
            for (int row = 0; row < rows.Rows; row++) Kernels.Rope(rows.SliceRows(row, 1), HeadSize, table + ((nint)Positions[firstRow + row] * HeadSize));
        }
    }

    private void Upload(MatrixPointer target, int firstRow)
    {
        nint rowBytes = (nint)target.Columns * Type.Bytes();
        for (int row = 0; row < target.Rows; row++)
            Convert.Widen(Kernels, Bytes + ((firstRow + row) * rowBytes), Type, target.Row(row), target.Columns);
    }

    private void Download(MatrixPointer source, int firstRow)
    {
        nint rowBytes = (nint)source.Columns * Type.Bytes();
        for (int row = 0; row < source.Rows; row++)
            Convert.Narrow(Kernels, source.Row(row), Bytes + ((firstRow + row) * rowBytes), Type, source.Columns);
    }
}
