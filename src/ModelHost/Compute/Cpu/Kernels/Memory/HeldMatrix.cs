using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

/// <summary>A view turned into a pointer, with its memory held until Dispose.</summary>
internal readonly unsafe ref struct HeldMatrix
{
    private readonly AlignedMemory? _memory;

    private HeldMatrix(AlignedMemory memory, MatrixPointer matrix)
    {
        _memory = memory;
        Matrix = matrix;
    }

    public MatrixPointer Matrix { get; }

    /// <exception cref="ArgumentException">The view is empty of a buffer or belongs to another back end.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    public static HeldMatrix Open(MatrixView view, string name)
    {
        MatrixPointer matrix = Hold(view, name, out AlignedMemory memory);
        return new HeldMatrix(memory, matrix);
    }

    /// <summary>The same for a caller that keeps the memory itself, and releases it (<see cref="SafeHandle.DangerousRelease"/>).</summary>
    /// <inheritdoc cref="Open"/>
    public static MatrixPointer Hold(MatrixView view, string name, out AlignedMemory memory)
    {
        if (view.Buffer is not CpuBuffer buffer)
            throw new ArgumentException("The view is not on a buffer of the cpu back end.", name);
        if (buffer.Type != ElementType.F32) throw new ArgumentException($"The view must be F32, is {buffer.Type}.", name);
        memory = buffer.Memory;
        bool held = false;
        memory.DangerousAddRef(ref held);
        return new MatrixPointer((float*)memory.Pointer + view.Offset, view.Rows, view.Columns, view.Stride);
    }

    public void Dispose() => _memory?.DangerousRelease();
}
