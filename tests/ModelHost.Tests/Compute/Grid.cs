using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Tests.Compute;

/// <summary>
/// A matrix of a test: its numbers in an array, and a view on a buffer whose stride is wider than its columns. What lies between the rows is
/// a marker that no kernel may touch.
/// </summary>
internal sealed class Grid : IDisposable
{
    private const float Marker = -12345.5f;

    private readonly IComputeBackend _backend;
    private readonly DeviceBuffer _buffer;

    public Grid(IComputeBackend backend, int rows, int columns, float[] values, int gap = 3)
    {
        _backend = backend;
        int stride = columns + gap;
        _buffer = backend.Allocate(((long)(rows + 1) * stride) + 1);
        MatrixView all = _buffer.AsMatrix(1, (int)_buffer.Elements);
        float[] marked = new float[_buffer.Elements];
        Array.Fill(marked, Marker);
        Write(all, marked);
        View = new MatrixView(_buffer, 1, rows, columns, stride);
        if (rows > 0) Write(View, values);
    }

    public MatrixView View { get; }

    public static float[] Random(SeededRandom random, int count, double scale = 1)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (float)(((random.NextDouble() * 2) - 1) * scale);
        return values;
    }

    /// <summary>The view's numbers, after checking that nothing around them was written.</summary>
    public float[] Read()
    {
        var all = new float[_buffer.Elements];
        _backend.Download(_buffer.AsMatrix(1, all.Length), ElementType.F32, MemoryMarshal.AsBytes(all.AsSpan()));
        var values = new float[View.Rows * View.Columns];
        var inside = new bool[all.Length];
        for (int i = 0; i < values.Length; i++)
        {
            int at = (int)View.Offset + (i / View.Columns * View.Stride) + (i % View.Columns);
            values[i] = all[at];
            inside[at] = true;
        }

        for (int i = 0; i < all.Length; i++) Assert.True(inside[i] || all[i] == Marker, $"Element {i} outside the view was written.");
        return values;
    }

    public void Dispose() => _buffer.Dispose();

    private void Write(MatrixView view, float[] values) => _backend.Upload(MemoryMarshal.AsBytes(values.AsSpan()), ElementType.F32, view);
}
