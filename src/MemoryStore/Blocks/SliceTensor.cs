using LatentDb.MemoryStore.Tensors;

namespace LatentDb.MemoryStore.Blocks;

/// <summary>One column of a slice: row-major [rows, width], little endian.</summary>
public sealed record SliceTensor
{
    /// <exception cref="ArgumentException">The bytes are not rows x width elements.</exception>
    public SliceTensor(SliceColumn column, ElementType type, int rows, int width, ReadOnlyMemory<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        long expected = checked((long)rows * width * type.Bytes());
        if (bytes.Length != expected)
        {
            throw new ArgumentException($"A {column} column of {rows} x {width} {type} has {expected} bytes, not {bytes.Length}.", nameof(bytes));
        }

        Column = column;
        Type = type;
        Rows = rows;
        Width = width;
        Bytes = bytes;
    }

    public SliceColumn Column { get; }

    public ElementType Type { get; }

    public int Rows { get; }

    public int Width { get; }

    /// <summary>Immutable once the tensor is made; whoever reads a slice shares it.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }
}
