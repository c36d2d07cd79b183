using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// Which slices are resident, within a byte budget. Pinned slices stay; the others leave in order of last use. All methods are thread-safe and
/// short; slices are immutable and never rewritten, so nothing is invalidated: only an erased memory's slices are dropped.
/// </summary>
internal sealed class ResidentSet : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<SliceAddress, ResidentEntry> _entries = [];
    private readonly LinkedList<ResidentEntry> _unpinned = [];
    private readonly long _budgetBytes;
    private long _bookedBytes;
    private long _pinCount;
    private long _evictions;

    public ResidentSet(long budgetBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(budgetBytes, 1);
        _budgetBytes = budgetBytes;
    }

    public long BookedBytes
    {
        get
        {
            lock (_lock) return _bookedBytes;
        }
    }

    /// <summary>Pins that were taken and not given back; tests assert zero.</summary>
    public long OutstandingPins
    {
        get
        {
            lock (_lock) return _pinCount;
        }
    }

    /// <summary>Slices that left to make room for others, since the start.</summary>
    public long Evictions
    {
        get
        {
            lock (_lock) return _evictions;
        }
    }

    /// <summary>Pins the slice. <paramref name="mustLoad"/> tells the caller to complete <see cref="ResidentEntry.Slice"/>.</summary>
    /// <exception cref="LatentDbException">overloaded: what is pinned and this slice exceed the budget.</exception>
    public ResidentEntry Pin(SliceAddress address, long bytes, out bool mustLoad)
    {
        lock (_lock)
        {
            mustLoad = !_entries.TryGetValue(address, out ResidentEntry? entry);
            if (entry is null)
            {
                MakeRoom(address, bytes);
                entry = new ResidentEntry(address, bytes);
                _entries.Add(address, entry);
                _bookedBytes += bytes;
            }

            entry.Pins++;
            _pinCount++;
            if (entry.Recency is { } node)
            {
                _unpinned.Remove(node);
                entry.Recency = null;
            }

            return entry;
        }
    }

    public void Unpin(ResidentEntry entry)
    {
        lock (_lock)
        {
            entry.Pins--;
            _pinCount--;
            if (entry.Pins > 0) return;
            if (entry.IsErased) Free(entry);
            else if (_entries.TryGetValue(entry.Address, out ResidentEntry? current) && ReferenceEquals(current, entry)) entry.Recency = _unpinned.AddLast(entry);
        }
    }

    /// <summary>Takes out an entry whose load failed, so that the next pin tries again.</summary>
    public void Forget(ResidentEntry entry)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(entry.Address, out ResidentEntry? current) || !ReferenceEquals(current, entry)) return;
            _entries.Remove(entry.Address);
            _bookedBytes -= entry.Bytes;
            if (entry.Recency is { } node) _unpinned.Remove(node);
            entry.Recency = null;
        }
    }

    /// <summary>Drops every slice that <paramref name="owner"/> wrote: now when nobody uses it, else when its last pin is given back.</summary>
    public void DropOwner(MemoryUid owner)
    {
        lock (_lock)
        {
            foreach (ResidentEntry entry in _entries.Values.Where(e => e.Address.Block.Owner == owner).ToArray())
            {
                _entries.Remove(entry.Address);
                if (entry.Recency is { } node) _unpinned.Remove(node);
                entry.Recency = null;
                if (entry.Pins == 0) Free(entry);
                else entry.IsErased = true;
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (ResidentEntry entry in _entries.Values) DisposeSlice(entry);
            _entries.Clear();
            _unpinned.Clear();
            _bookedBytes = 0;
        }
    }

    private void MakeRoom(SliceAddress address, long bytes)
    {
        while (_bookedBytes + bytes > _budgetBytes && _unpinned.First is { } oldest)
        {
            _unpinned.RemoveFirst();
            oldest.Value.Recency = null;
            _entries.Remove(oldest.Value.Address);
            Free(oldest.Value);
            _evictions++;
        }

        if (_bookedBytes + bytes <= _budgetBytes) return;
        throw new LatentDbException(
            ErrorCode.Overloaded,
            $"{_bookedBytes} bytes of memory rows are in use and slice {address} needs {bytes}; the budget (model_host:resident_bytes) is {_budgetBytes}.")
        {
            RetryAfter = RetryDelay,
        };
    }

    private void Free(ResidentEntry entry)
    {
        _bookedBytes -= entry.Bytes;
        DisposeSlice(entry);
    }

    // Only unpinned entries come here, and an entry stays pinned until its load has ended, so the task is complete.
    private static void DisposeSlice(ResidentEntry entry)
    {
        if (entry.Slice.Task.IsCompletedSuccessfully)
        {
#pragma warning disable RS0030, VSTHRD002, VSTHRD103, MA0042 // The task is complete, so nothing blocks.
            entry.Slice.Task.Result.Dispose();
#pragma warning restore RS0030, VSTHRD002, VSTHRD103, MA0042
        }
    }
}
