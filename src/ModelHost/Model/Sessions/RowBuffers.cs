using System.Numerics;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Sessions;

/// <summary>
/// Memory for gathered rows, kept for the next session: in fresh memory the system clears every page at its first touch, which took longer than the copies.
/// Thread-safe.
/// </summary>
internal sealed class RowBuffers(IComputeBackend backend) : IDisposable
{
    /// <summary>Free buffers beyond this many bytes are given back to the system: the gathered rows of about eight sessions at 100M parameters.</summary>
    private const long KeptBytes = 256L << 20;

    private readonly Lock _gate = new();
    private readonly List<DeviceBuffer> _free = [];
    private long _freeBytes;
    private bool _disposed;

    /// <summary>At least <paramref name="elements"/> undefined elements.</summary>
    public DeviceBuffer Rent(long elements, ElementType type)
    {
        long size = (long)BitOperations.RoundUpToPowerOf2((ulong)elements); // few sizes, so that what one left fits the next
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            int found = _free.FindLastIndex(buffer => buffer.Elements == size && buffer.Type == type);
            if (found >= 0)
            {
                DeviceBuffer buffer = _free[found];
                _free.RemoveAt(found);
                _freeBytes -= Bytes(buffer);
                return buffer;
            }
        }

        return backend.Allocate(size, type);
    }

    public void Return(DeviceBuffer buffer)
    {
        lock (_gate)
        {
            if (!_disposed && _freeBytes + Bytes(buffer) <= KeptBytes)
            {
                _freeBytes += Bytes(buffer);
                _free.Add(buffer);
                return;
            }
        }

        buffer.Dispose();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (DeviceBuffer buffer in _free) buffer.Dispose();
            _free.Clear();
        }
    }

    private static long Bytes(DeviceBuffer buffer) => buffer.Elements * buffer.Type.Bytes();
}
