using System.Runtime.CompilerServices;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

/// <summary>A row-major matrix as a kernel sees it. Whoever makes one keeps the memory alive (<see cref="HeldMatrix"/>).</summary>
internal readonly unsafe struct MatrixPointer
{
    public MatrixPointer(float* start, int rows, int columns, int stride)
    {
        Start = start;
        Rows = rows;
        Columns = columns;
        Stride = stride;
    }

    public float* Start { get; }

    public int Rows { get; }

    public int Columns { get; }

    public int Stride { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Row(int row) => Start + ((nint)row * Stride);

    public MatrixPointer SliceRows(int first, int count) => new(Row(first), count, Columns, Stride);
}
