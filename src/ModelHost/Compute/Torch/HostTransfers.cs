using TorchSharp;
using static TorchSharp.torch;

namespace LatentDb.ModelHost.Compute.Torch;

/// <summary>
/// Bytes between the host and a device. To a GPU they go through pinned buffers, so that the copy runs beside the caller's next work; a buffer is written
/// again only when the device has caught up.
/// </summary>
internal sealed class HostTransfers(Device device, bool isGpu) : IDisposable
{
    // Two would do for one caller that fills one while the other is on its way.
    private const int PinnedBuffers = 4;

    private readonly Lock _lock = new();
    private readonly Tensor?[] _pinned = new Tensor?[PinnedBuffers];
    private int _next;

    /// <summary>Copies elements in row-major order into a strided target, converting where the types differ.</summary>
    public void Upload(ReadOnlySpan<byte> source, ScalarType type, Tensor target)
    {
        if (source.IsEmpty) return;
        using DisposeScope scope = NewDisposeScope();
        long elements = target.shape[0] * target.shape[1];
        if (!isGpu)
        {
            Tensor host = empty([elements], type);
            source.CopyTo(host.bytes);
            target.copy_(host.view(target.shape));
            return;
        }

        lock (_lock)
        {
            Tensor pinned = NextPinned(elements, type);
            source.CopyTo(pinned.bytes);
            Tensor moved = empty(target.shape, type, device);
            moved.copy_(pinned.narrow(0, 0, elements).view(target.shape), true);
            target.copy_(moved);
        }
    }

    /// <summary>Copies a strided source to the host in row-major order; waits for all work on it.</summary>
    public static void Download(Tensor source, ScalarType type, Span<byte> target)
    {
        if (target.IsEmpty) return;
        using DisposeScope scope = NewDisposeScope();
        source.to(type).contiguous().cpu().bytes.CopyTo(target);
    }

    public void Dispose()
    {
        foreach (Tensor? pinned in _pinned) pinned?.Dispose();
    }

    private Tensor NextPinned(long elements, ScalarType type)
    {
        _next = (_next + 1) % PinnedBuffers;
        if (_next == 0) cuda.synchronize();
        if (_pinned[_next] is { } fitting && fitting.dtype == type && fitting.shape[0] >= elements) return fitting;
        cuda.synchronize();
        _pinned[_next]?.Dispose();
        _pinned[_next] = empty([elements], type).pin_memory().DetachFromDisposeScope();
        return _pinned[_next]!;
    }
}
