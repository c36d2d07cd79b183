using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

/// <summary>A view of any type turned into a pointer, with its memory held until Dispose.</summary>
internal readonly unsafe ref struct HeldRows
{
    private readonly AlignedMemory _memory;

    private HeldRows(AlignedMemory memory, MatrixView view)
    {
        _memory = memory;
        Type = view.Type;
        Columns = view.Columns;
        Start = (byte*)memory.Pointer + (view.Offset * Type.Bytes());
        Stride = (nint)view.Stride * Type.Bytes();
    }

    public ElementType Type { get; }

    public int Columns { get; }

    private byte* Start { get; }

    /// <summary>Bytes.</summary>
    private nint Stride { get; }

    /// <exception cref="ArgumentException">The view is empty of a buffer or belongs to another back end.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    public static HeldRows Open(MatrixView view, string name)
    {
        if (view.Buffer is not CpuBuffer buffer) throw new ArgumentException("The view is not on a buffer of the cpu back end.", name);
        bool held = false;
        buffer.Memory.DangerousAddRef(ref held);
        return new HeldRows(buffer.Memory, view);
    }

    public byte* Row(int row) => Start + (row * Stride);

    public void Dispose() => _memory.DangerousRelease();
}
