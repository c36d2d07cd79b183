using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>Checks of arguments, with both numbers in the message.</summary>
internal static class ArgumentShapes
{
    public static void Equal(int actual, int expected, string what, string name)
    {
        if (actual != expected) throw new ArgumentException($"{what} must be {expected}, is {actual}.", name);
    }

    public static void SameShape(MatrixView view, MatrixView expected, string name)
    {
        if (view.Rows != expected.Rows || view.Columns != expected.Columns)
            throw new ArgumentException($"The view must be {expected.Rows} x {expected.Columns}, is {view.Rows} x {view.Columns}.", name);
    }

    public static void Row(MatrixView view, int columns, string name)
    {
        if (view.Rows != 1 || view.Columns != columns)
            throw new ArgumentException($"The view must be 1 x {columns}, is {view.Rows} x {view.Columns}.", name);
    }

    public static void Multiple(int value, int of, string what, string name)
    {
        if (of < 1 || value % of != 0) throw new ArgumentException($"{what} must be a multiple of {of}, is {value}.", name);
    }

    /// <summary>Rows of whole heads, of even size, with a frequency for each pair.</summary>
    public static void Rotation(MatrixView x, int headSize, ReadOnlySpan<float> inverseFrequencies, string name)
    {
        Multiple(headSize, 2, "The head size", nameof(headSize));
        Multiple(x.Columns, headSize, "The columns of x", name);
        Equal(inverseFrequencies.Length, headSize / 2, "The number of frequencies", nameof(inverseFrequencies));
    }

    /// <summary>The highest of positions that are none below zero; -1 of none.</summary>
    public static int Highest(ReadOnlySpan<int> positions, string name)
    {
        int highest = -1;
        foreach (int position in positions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(position, name);
            highest = Math.Max(highest, position);
        }

        return highest;
    }

    /// <summary>A type that converts to and from fp32, and a span of exactly its bytes.</summary>
    public static void HostBytes(long bytes, ElementType type, long elements, string name)
    {
        if (type is not (ElementType.F32 or ElementType.F16 or ElementType.BF16))
            throw new ArgumentException($"{type} does not convert to fp32; F32, F16 and BF16 do.", nameof(type));
        if (bytes != elements * type.Bytes())
            throw new ArgumentException($"{elements} elements of {type} are {elements * type.Bytes()} bytes, not {bytes}.", name);
    }

    /// <summary>Of two views that start at one place, writing one would change the other. Other overlaps are the caller's to avoid.</summary>
    public static void Distinct(MatrixView written, MatrixView read, string name)
    {
        if (ReferenceEquals(written.Buffer, read.Buffer) && written.Offset == read.Offset && written.Rows > 0)
            throw new ArgumentException("The result must not lie on an operand.", name);
    }
}
