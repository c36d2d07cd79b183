using System.Numerics;

namespace LatentDb.ModelHost.Paging;

/// <summary>The slices of one flow (a tenant): what it has booked, and those that nobody uses in the order in which they leave. Guarded by the pager's lock.</summary>
internal sealed class ResidentFlow(string name)
{
    private readonly LinkedList<ResidentEntry>?[] _classes = new LinkedList<ResidentEntry>?[GreedyDual.Classes];
    private ulong _occupied;

    public string Name { get; } = name;

    /// <summary>Bytes of its slices, in use or not.</summary>
    public long BookedBytes { get; set; }

    /// <summary>The pin, counted over all flows, that it took last.</summary>
    public long LastPin { get; set; }

    /// <summary>Its place among the flows that were there lately; null when it was not.</summary>
    public LinkedListNode<ResidentFlow>? Recency { get; set; }

    public bool HasIdleSlices => _occupied != 0;

    public void Add(ResidentEntry entry)
    {
        int place = GreedyDual.ClassOf(entry);
        (_classes[place] ??= new LinkedList<ResidentEntry>()).AddLast(entry.Place);
        _occupied |= 1ul << place;
    }

    /// <summary>Takes an entry out of the order; nothing happens when it is not in it.</summary>
    public void Remove(ResidentEntry entry)
    {
        if (entry.Place.List is not { } list) return;
        list.Remove(entry.Place);
        if (list.Count == 0) _occupied &= ~(1ul << Array.IndexOf(_classes, list));
    }

    /// <summary>The idle slice with the smallest priority; null when all are in use.</summary>
    public ResidentEntry? Cheapest()
    {
        ResidentEntry? cheapest = null;
        for (ulong left = _occupied; left != 0; left &= left - 1)
        {
            ResidentEntry head = _classes[BitOperations.TrailingZeroCount(left)]!.First!.Value;
            if (cheapest is null || head.Priority < cheapest.Priority) cheapest = head;
        }

        return cheapest;
    }
}
