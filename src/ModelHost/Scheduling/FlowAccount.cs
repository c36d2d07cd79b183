using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Scheduling;

/// <summary>What one flow has been served, and who of it waits. The loop charges it while requests come and go, so the counter is atomic; the rest is under the line's lock.</summary>
internal sealed class FlowAccount(string flow)
{
    private readonly LinkedList<Waiter>[] _lines = [new(), new(), new()];
    private long _served;

    public string Flow { get; } = flow;

    /// <summary>Row-layers served, on the common virtual clock.</summary>
    public long Served => Interlocked.Read(ref _served);

    /// <summary>Row-layers of its requests that have a place and are still to be computed, as estimated when they came.</summary>
    public long Expected { get; set; }

    /// <summary>Requests that wait for a place.</summary>
    public int Waiting { get; private set; }

    /// <summary>Requests that have a place.</summary>
    public int Places { get; set; }

    public bool IsBusy => Waiting + Places > 0;

    public void Charge(long cost) => Interlocked.Add(ref _served, cost);

    /// <summary>Only while the flow is not busy.</summary>
    public void LiftTo(long served) => Interlocked.Exchange(ref _served, Math.Max(_served, served));

    /// <summary>Who of the flow and the priority has waited longest; null when nobody waits.</summary>
    public Waiter? Oldest(RequestPriority priority) => _lines[(int)priority].First?.Value;

    /// <summary>Who came last, of the least urgent; null when nobody waits.</summary>
    public Waiter? Newest()
    {
        for (int c = PriorityShares.Classes - 1; c >= 0; c--)
        {
            if (_lines[c].Last is { } last) return last.Value;
        }

        return null;
    }

    public void Add(Waiter waiter)
    {
        _lines[(int)waiter.Demand.Priority].AddLast(waiter.Node);
        Waiting++;
    }

    public void Remove(Waiter waiter)
    {
        _lines[(int)waiter.Demand.Priority].Remove(waiter.Node);
        Waiting--;
    }
}
