using LatentDb.MemoryStore.Blocks;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Paging;

/// <summary>A slice that is resident or on its way, as the pager books it. Guarded by the lock of the <see cref="ResidentSet"/>, except where it says otherwise.</summary>
internal sealed class ResidentEntry
{
    private readonly TaskCompletionSource<ResidentSlice> _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ResidentSlice? _slice;

    public ResidentEntry(PlannedSlice planned, ResidentFlow flow)
    {
        Key = planned.Key;
        Bytes = planned.Bytes;
        Flow = flow;
        Place = new LinkedListNode<ResidentEntry>(this);
    }

    public ResidentKey Key { get; }

    public SliceAddress Address => Key.Address;

    /// <summary>Booked against the budget before the load begins.</summary>
    public long Bytes { get; }

    /// <summary>Who it is charged to.</summary>
    public ResidentFlow Flow { get; set; }

    /// <summary>The slice, once it is there. Any thread may look.</summary>
    public ResidentSlice? Slice => Volatile.Read(ref _slice);

    /// <summary>Completes when the slice is there; faults when it cannot be. Any thread may wait.</summary>
    public Task<ResidentSlice> Loaded => _loaded.Task;

    /// <summary>Handles that use the slice now; an entry with pins never leaves.</summary>
    public int Pins { get; set; }

    /// <summary>From its booking until its load has ended; such an entry does not leave either.</summary>
    public bool IsLoading { get; set; } = true;

    /// <summary>Its memory was erased while it was in use: nobody finds it any more, and its last user frees it.</summary>
    public bool IsErased { get; set; }

    /// <summary>Booked without anybody waiting for it, and not wanted since.</summary>
    public bool IsPrefetched { get; set; }

    /// <summary>A loader has taken it up.</summary>
    public bool HasBegun { get; set; }

    /// <summary>Memory of an evicted slice of the same size, to be filled by the load; null = allocate.</summary>
    public DeviceBuffer? Spare { get; set; }

    /// <summary>Times that it was wanted since it came.</summary>
    public int Uses { get; set; }

    /// <summary>What it costs to bring back, per byte; see <see cref="GreedyDual"/>.</summary>
    public int CostClass { get; set; }

    /// <summary>While nobody uses it: the smaller, the sooner it leaves.</summary>
    public double Priority { get; set; }

    /// <summary>Its place in the order of eviction, while nobody uses it.</summary>
    public LinkedListNode<ResidentEntry> Place { get; }

    public bool IsHeld => Pins > 0 || IsLoading;

    /// <summary>For the one load: the caller owns the buffer.</summary>
    public DeviceBuffer? TakeSpare()
    {
        DeviceBuffer? spare = Spare;
        Spare = null;
        return spare;
    }

    public void Complete(ResidentSlice slice)
    {
        Volatile.Write(ref _slice, slice);
        _loaded.TrySetResult(slice);
    }

    public void Fail(Exception error)
    {
        if (!_loaded.TrySetException(error)) return;
        _ = _loaded.Task.Exception; // Observed: whoever pinned it gets the error, and nobody may have.
    }
}
