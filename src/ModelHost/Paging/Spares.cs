using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// Memory of slices that leave, for slices of the same size that come: slices of one model have one of a few sizes, and new memory costs the clearing of
/// every page, more than decrypting what goes into it. Lives as long as one grant, so that it is never memory beyond the budget.
/// </summary>
internal sealed class Spares : IDisposable
{
    private Dictionary<long, Stack<DeviceBuffer>>? _bySize;

    public void Add(long bytes, DeviceBuffer buffer)
    {
        _bySize ??= [];
        if (!_bySize.TryGetValue(bytes, out Stack<DeviceBuffer>? buffers)) _bySize.Add(bytes, buffers = new Stack<DeviceBuffer>());
        buffers.Push(buffer);
    }

    /// <summary>A buffer of that size; null when none is left.</summary>
    public DeviceBuffer? Take(long bytes) => _bySize is not null && _bySize.TryGetValue(bytes, out Stack<DeviceBuffer>? buffers) && buffers.TryPop(out DeviceBuffer? buffer) ? buffer : null;

    /// <summary>Frees what nobody took.</summary>
    public void Dispose()
    {
        if (_bySize is null) return;
        foreach (DeviceBuffer buffer in _bySize.Values.SelectMany(b => b)) buffer.Dispose();
    }
}
