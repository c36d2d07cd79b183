using System.Buffers;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>Rows of a stored tensor, read where they are needed: the embedding table, one layer of the pool, one layer of the bank.</summary>
internal sealed class StoredMatrix
{
    private readonly StoredTensor _tensor;
    private readonly long _firstRow;

    /// <param name="tensor">Its elements from row <paramref name="firstRow"/> on, <paramref name="columns"/> to a row.</param>
    /// <param name="firstRow">Rows before the first one of this matrix.</param>
    /// <param name="rows">Rows of this matrix.</param>
    /// <param name="columns">Elements of a row.</param>
    public StoredMatrix(StoredTensor tensor, long firstRow, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((firstRow + rows) * columns, tensor.Elements);
        _tensor = tensor;
        _firstRow = firstRow;
        Rows = rows;
        Columns = columns;
        Type = tensor.FloatType;
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>F32, F16 or BF16, as stored.</summary>
    public ElementType Type { get; }

    /// <summary>Bytes of one row as stored.</summary>
    public int RowBytes => Columns * Type.Bytes();

    /// <summary>Copies rows [first, first + count) as stored; <paramref name="target"/> has count x RowBytes bytes.</summary>
    public void Read(int first, int count, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, Rows);
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Length, (long)count * RowBytes);
        _tensor.Read((_firstRow + first) * RowBytes, target);
    }

    /// <summary>Rows [first, first + target.Rows) as fp32 in <paramref name="target"/>.</summary>
    public void Upload(int first, IComputeBackend backend, MatrixView target)
    {
        int rowsAtOnce = Math.Max(1, CheckpointLimits.ScanBytes / RowBytes);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Min(rowsAtOnce, Math.Max(1, target.Rows)) * RowBytes);
        try
        {
            for (int row = 0; row < target.Rows; row += rowsAtOnce)
            {
                int count = Math.Min(rowsAtOnce, target.Rows - row);
                Span<byte> bytes = buffer.AsSpan(0, count * RowBytes);
                Read(first + row, count, bytes);
                backend.Upload(bytes, Type, target.SliceRows(row, count));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>target[i] = row rows[i], as fp32: the embedding look-up.</summary>
    public void Gather(ReadOnlySpan<int> rows, IComputeBackend backend, MatrixView target)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(target.Rows, rows.Length);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, rows.Length) * RowBytes);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, rows.Length * RowBytes);
            for (int i = 0; i < rows.Length; i++) Read(rows[i], 1, bytes.Slice(i * RowBytes, RowBytes));
            backend.Upload(bytes, Type, target);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
