using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Compute;

/// <summary>A row-major window on a buffer: element (r, c) is at Offset + r x Stride + c.</summary>
internal readonly record struct MatrixView
{
    public MatrixView(DeviceBuffer buffer, long offset, int rows, int columns, int stride)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, columns);
        long end = rows == 0 ? offset : offset + ((long)(rows - 1) * stride) + columns;
        if (offset < 0 || end > buffer.Elements) throw new ArgumentOutOfRangeException(nameof(offset), $"A {rows} x {columns} view ends at {end} of {buffer.Elements} elements.");
        Buffer = buffer;
        Offset = offset;
        Rows = rows;
        Columns = columns;
        Stride = stride;
    }

    public DeviceBuffer Buffer { get; }

    /// <summary>F32 unless an operation says that it also takes rows in their stored type.</summary>
    public ElementType Type => Buffer.Type;

    public long Offset { get; }

    public int Rows { get; }

    public int Columns { get; }

    public int Stride { get; }

    /// <summary>Rows [first, first + count).</summary>
    public MatrixView SliceRows(int first, int count) => new(Buffer, Offset + ((long)first * Stride), count, Columns, Stride);

    /// <summary>Columns [first, first + count) of every row.</summary>
    public MatrixView SliceColumns(int first, int count) => new(Buffer, Offset + first, Rows, count, Stride);
}
