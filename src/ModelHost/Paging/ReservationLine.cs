using LatentDb.MemoryStore.Errors;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// Requests that wait for room, first come first served, so that a large memory is not overtaken for ever by small ones. Guarded by the pager's lock.
/// </summary>
internal sealed class ReservationLine(int maxWaiting)
{
    /// <summary>
    /// Requests that may pass the first one because all their rows are resident: they are soon gone, and while they are few its room comes hardly later.
    /// </summary>
    private const int MaxOvertakes = 64;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly LinkedList<Waiter> _waiters = [];
    private int _overtakes;

    public int Count => _waiters.Count;

    public ReservationRequest? First => _waiters.First?.Value.Request;

    /// <summary>May one who could be served at once go first?</summary>
    public bool MayOvertake(bool isResident)
    {
        if (_waiters.Count == 0) return true;
        return isResident && _overtakes++ < MaxOvertakes;
    }

    /// <exception cref="LatentDbException">overloaded when the line is full.</exception>
    public Waiter Join(ReservationRequest request)
    {
        if (_waiters.Count >= maxWaiting)
        {
            throw new LatentDbException(ErrorCode.Overloaded, $"{_waiters.Count} requests wait for room for memory rows already.") { RetryAfter = RetryDelay };
        }

        var waiter = new Waiter(request);
        _waiters.AddLast(waiter.Place);
        return waiter;
    }

    /// <summary>The first one got what it asked for.</summary>
    public void Serve(Reservation reservation)
    {
        Waiter first = _waiters.First!.Value;
        _waiters.RemoveFirst();
        _overtakes = 0;
        first.Granted.SetResult(reservation);
    }

    /// <summary>Takes one out who no longer wants to wait.</summary>
    /// <returns>False when it was served meanwhile.</returns>
    public bool Leave(Waiter waiter)
    {
        if (waiter.Place.List is null) return false;
        _waiters.Remove(waiter.Place);
        return true;
    }

    /// <summary>Sends everybody away.</summary>
    public void Close()
    {
        foreach (Waiter waiter in _waiters) waiter.Granted.SetException(new LatentDbException(ErrorCode.ShuttingDown, "The model host is closing."));
        _waiters.Clear();
    }

    /// <summary>One request in line.</summary>
    internal sealed class Waiter
    {
        public Waiter(ReservationRequest request)
        {
            Request = request;
            Place = new LinkedListNode<Waiter>(this);
        }

        public ReservationRequest Request { get; }

        public LinkedListNode<Waiter> Place { get; }

        /// <summary>Its continuation never runs under the lock.</summary>
        public TaskCompletionSource<Reservation> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
