using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// Brings booked slices in: a fixed number of loads at a time, those that somebody waits for before those that are prefetched, each kind in the order
/// in which it was asked for. Thread-safe. Workers live as long as there is work.
/// </summary>
/// <remarks>A load that has begun is not cancelled, because others may wait for it, and it is one short read; one that has not is dropped when nobody wants it.</remarks>
internal sealed class SliceLoader(IComputeBackend backend, ElementType rowType, ResidentSet resident, HostTier host, int concurrentLoads)
{
    /// <summary>
    /// Slices announced to the store before they are read, so that the disk works while others are decrypted: a few megabytes are under way, which is
    /// more than a disk takes at once, and little to have read in vain when a pin is given up.
    /// </summary>
    private const int AnnouncedSlices = 32;

    private readonly Lock _lock = new();
    private readonly Queue<SliceLoad> _wanted = new();
    private readonly Queue<SliceLoad> _prefetched = new();
    private readonly Queue<SliceLoad> _unannounced = new();
    private readonly Task[] _workers = [.. Enumerable.Repeat(Task.CompletedTask, concurrentLoads)];
    private int _working;

    /// <summary>Loads entries that the caller has just booked, or that it wants now and whose prefetch has not begun.</summary>
    public void Load(IReadOnlyList<ResidentEntry> entries, IBlockSource source, bool isPrefetch = false)
    {
        if (entries.Count == 0) return;
        lock (_lock)
        {
            foreach (ResidentEntry entry in entries)
            {
                var load = new SliceLoad(entry, source);
                (isPrefetch ? _prefetched : _wanted).Enqueue(load);
                if (!isPrefetch) _unannounced.Enqueue(load);
            }

            for (int i = 0; i < _workers.Length && _working < Math.Min(concurrentLoads, _wanted.Count + _prefetched.Count); i++)
            {
                if (!_workers[i].IsCompleted) continue;
                _working++;
                _workers[i] = Task.Run(WorkAsync);
            }
        }
    }

    private async Task WorkAsync()
    {
        var buffer = new SliceBuffer();
        while (TryTake(out SliceLoad load))
        {
            while (TryAnnounce(out SliceLoad next))
            {
                if (!host.Holds(next.Entry.Address)) await next.Source.AnnounceAsync(next.Entry.Address, CancellationToken.None).ConfigureAwait(false);
            }

            if (resident.BeginLoad(load.Entry)) await LoadAsync(load, buffer).ConfigureAwait(false);
        }
    }

    private bool TryTake(out SliceLoad load)
    {
        lock (_lock)
        {
            if (_wanted.TryDequeue(out load) || _prefetched.TryDequeue(out load)) return true;
            _working--;
            return false;
        }
    }

    /// <summary>The next slice to announce; false when enough of those that wait are announced.</summary>
    private bool TryAnnounce(out SliceLoad load)
    {
        lock (_lock)
        {
            load = default;
            return _wanted.Count - _unannounced.Count < AnnouncedSlices && _unannounced.TryDequeue(out load);
        }
    }

    /// <summary>Never throws: a failure goes to everybody who pinned the entry.</summary>
    private async ValueTask LoadAsync(SliceLoad load, SliceBuffer buffer)
    {
        try
        {
            BlockSlice? slice = host.Find(load.Entry.Address);
            if (slice is null)
            {
                slice = await load.Source.ReadAsync(load.Entry.Address, buffer, CancellationToken.None).ConfigureAwait(false);
                Keep(load.Entry, slice);
            }

            resident.Complete(load.Entry, ResidentSlice.Load(backend, slice, load.Entry.Key.IsKeysOnly, rowType, load.Entry.TakeSpare()));
        }
#pragma warning disable CA1031 // Whatever went wrong is rethrown by each pin that waits for this slice.
        catch (Exception error)
#pragma warning restore CA1031
        {
            resident.Fail(load.Entry, error);
        }
    }

    /// <summary>An erasure marks the entry first and drops from the host tier then: whichever of the two comes after this, nothing of the memory stays.</summary>
    private void Keep(ResidentEntry entry, BlockSlice slice)
    {
        host.Keep(slice);
        if (resident.IsErased(entry)) host.Drop(entry.Address);
    }

    private readonly record struct SliceLoad(ResidentEntry Entry, IBlockSource Source);
}
