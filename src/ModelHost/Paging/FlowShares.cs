namespace LatentDb.ModelHost.Paging;

/// <summary>
/// Who gives way. The budget is shared equally among the flows that were there lately; while one of them has more than its share, the slices of those
/// that have less stay. A flow that has not been there for a while has no share to defend. Guarded by the pager's lock.
/// </summary>
internal sealed class FlowShares(long budgetBytes)
{
    /// <summary>A flow counts as present for that many pins of all flows after its last one.</summary>
    private const long PresencePins = 1024;

    private readonly Dictionary<string, ResidentFlow> _flows = new(StringComparer.Ordinal);
    private readonly LinkedList<ResidentFlow> _present = [];
    private double _clock;
    private long _pins;

    /// <summary>Slices that several flows use, such as the model's own rows: nobody's share, and left in order of priority alone.</summary>
    public ResidentFlow Shared { get; } = new("shared");

    /// <summary>Flows that are booked or were there lately.</summary>
    public int Count => _flows.Count;

    /// <summary>A flow takes a pin.</summary>
    public ResidentFlow Pin(string name)
    {
        if (!_flows.TryGetValue(name, out ResidentFlow? flow)) _flows.Add(name, flow = new ResidentFlow(name));
        flow.LastPin = ++_pins;
        if (flow.Recency is { } place) _present.Remove(place);
        flow.Recency = _present.AddLast(flow);
        while (_present.First!.Value is var oldest && oldest.LastPin + PresencePins < _pins)
        {
            _present.RemoveFirst();
            oldest.Recency = null;
            Retire(oldest);
        }

        return flow;
    }

    /// <summary>A slice is charged to a flow.</summary>
    public static void Charge(ResidentEntry entry) => entry.Flow.BookedBytes += entry.Bytes;

    /// <summary>A slice is wanted by a flow: by a second one, it becomes everybody's.</summary>
    public void Want(ResidentEntry entry, ResidentFlow flow)
    {
        entry.Flow.Remove(entry);
        entry.Uses++;
        if (ReferenceEquals(entry.Flow, flow) || ReferenceEquals(entry.Flow, Shared)) return;
        Discharge(entry);
        entry.Flow = Shared;
        Charge(entry);
    }

    /// <summary>Nobody uses the slice any more: it may leave from now on.</summary>
    public void Idle(ResidentEntry entry)
    {
        entry.Priority = GreedyDual.Priority(_clock, entry);
        entry.Flow.Add(entry);
    }

    /// <summary>An idle slice will be wanted soon: it stays as if it had been used now.</summary>
    public void Refresh(ResidentEntry entry)
    {
        entry.Flow.Remove(entry);
        Idle(entry);
    }

    /// <summary>A slice leaves, or is dropped.</summary>
    public void Discharge(ResidentEntry entry)
    {
        entry.Flow.Remove(entry);
        entry.Flow.BookedBytes -= entry.Bytes;
        Retire(entry.Flow);
    }

    /// <summary>The slice that leaves next to make room for a flow; null when all are in use.</summary>
    /// <param name="flow">Who needs room.</param>
    /// <param name="neededBytes">How much it will be charged.</param>
    public ResidentEntry? Victim(ResidentFlow flow, long neededBytes)
    {
        long share = budgetBytes / Math.Max(1, _present.Count);
        ResidentEntry? open = Shared.Cheapest();
        ResidentEntry? any = open;
        foreach (ResidentFlow other in _flows.Values)
        {
            if (!other.HasIdleSlices) continue;
            ResidentEntry cheapest = other.Cheapest()!;
            any = Cheaper(any, cheapest);
            long booked = other.BookedBytes + (ReferenceEquals(other, flow) ? neededBytes : 0);
            if (other.Recency is null || booked > share) open = Cheaper(open, cheapest);
        }

        ResidentEntry? victim = open ?? any;
        if (victim is not null) _clock = Math.Max(_clock, victim.Priority);
        return victim;
    }

    private void Retire(ResidentFlow flow)
    {
        if (flow.BookedBytes == 0 && flow.Recency is null) _flows.Remove(flow.Name);
    }

    private static ResidentEntry Cheaper(ResidentEntry? a, ResidentEntry b) => a is null || b.Priority < a.Priority ? b : a;
}
