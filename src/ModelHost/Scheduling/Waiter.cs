namespace LatentDb.ModelHost.Scheduling;

/// <summary>A request that waits for a place. Its state changes under the line's lock only, so that a place is given, or the wait given up, once.</summary>
internal sealed class Waiter
{
    private readonly TaskCompletionSource<Place> _place = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Waiter(FlowAccount account, Demand demand)
    {
        Account = account;
        Demand = demand;
        Node = new LinkedListNode<Waiter>(this);
    }

    public FlowAccount Account { get; }

    public Demand Demand { get; }

    public LinkedListNode<Waiter> Node { get; }

    /// <summary>False once it has a place, or will not get one.</summary>
    public bool IsWaiting => Node.List is not null;

    public Task<Place> Task => _place.Task;

    public void Give(Place place) => _place.SetResult(place);

    public void Refuse(Exception error) => _place.SetException(error);

    public void Cancel(CancellationToken cancellationToken) => _place.SetCanceled(cancellationToken);
}
