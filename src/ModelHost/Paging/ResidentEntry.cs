using LatentDb.MemoryStore.Blocks;

namespace LatentDb.ModelHost.Paging;

/// <summary>A slice that is resident or on its way, as the pager books it. Guarded by the pager's lock, except the task.</summary>
internal sealed class ResidentEntry(SliceAddress address, long bytes)
{
    public SliceAddress Address { get; } = address;

    /// <summary>Booked against the budget before the load begins.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>Completes when the slice is decoded; faults when it cannot be.</summary>
    public TaskCompletionSource<ResidentSlice> Slice { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Handles that use the slice now; an entry with pins never leaves.</summary>
    public int Pins { get; set; }

    /// <summary>Its memory was erased while it was in use: nobody finds it any more, and its last pin frees it.</summary>
    public bool IsErased { get; set; }

    /// <summary>Its place in the order of last use; null while pinned.</summary>
    public LinkedListNode<ResidentEntry>? Recency { get; set; }
}
