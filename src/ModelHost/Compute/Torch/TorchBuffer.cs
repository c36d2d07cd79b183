using LatentDb.MemoryStore.Tensors;
using static TorchSharp.torch;

namespace LatentDb.ModelHost.Compute.Torch;

/// <summary>Memory of a device: a flat tensor; views of it share its storage.</summary>
internal sealed class TorchBuffer : DeviceBuffer
{
    private readonly Tensor _flat;
    private bool _disposed;

    public TorchBuffer(Device device, long elements, ElementType type)
        : base(elements, type)
    {
        using (NewDisposeScope()) _flat = zeros([elements], TorchTypes.Of(type), device).DetachFromDisposeScope();
    }

    /// <summary>A strided [rows, columns] tensor on the view's place; disposed by the caller's scope.</summary>
    public static Tensor Open(MatrixView view, string name)
    {
        if (view.Buffer is not TorchBuffer buffer) throw new ArgumentException("The buffer was not allocated by the torch back end.", name);
        ObjectDisposedException.ThrowIf(buffer._disposed, buffer);
        return buffer._flat.as_strided([view.Rows, view.Columns], [view.Stride, 1], view.Offset);
    }

    protected override void Dispose(bool disposing)
    {
        if (_disposed) return;
        _disposed = true;
        _flat.Dispose();
    }
}
