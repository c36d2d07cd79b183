using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Scheduling;

/// <summary>
/// A bounded number of places and a bounded line before them. A free place goes to the priority whose share is due, there to the flow that was served
/// least, there to who came first. Thread-safe; knows nothing of computing.
/// </summary>
internal sealed class AdmissionLine(SchedulerOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly FlowLedger _flows = new();
    private readonly PriorityShares _shares = new();
    private readonly DrainRate _rate = new(time);
    private readonly int[] _waiting = new int[PriorityShares.Classes];
    private int _places;
    private int _writing;
    private long _refused;
    private bool _isClosed;

    /// <summary>Requests that have a place now.</summary>
    public int Places => Volatile.Read(ref _places);

    /// <summary>Requests that found the line full, since the start.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Flows whose accounts are kept.</summary>
    public int Flows
    {
        get
        {
            lock (_lock) return _flows.Count;
        }
    }

    public int Waiting => WaitingOf(RequestPriority.Interactive) + WaitingOf(RequestPriority.Normal) + WaitingOf(RequestPriority.Background);

    /// <summary>Requests of a priority that wait for a place now.</summary>
    public int WaitingOf(RequestPriority priority) => Volatile.Read(ref _waiting[(int)priority]);

    /// <summary>Takes a place, waiting for it if need be; dispose the place to give it back. A cancelled wait leaves the line at once.</summary>
    /// <exception cref="LatentDbException">overloaded, with a time to retry; shutting_down.</exception>
    public ValueTask<Place> EnterAsync(Demand demand, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (_lock)
        {
            if (_isClosed) throw Closed();
            FlowAccount account = _flows.Rouse(demand.Flow);
            if (MayEnter(demand.Priority) && WaitingOf(demand.Priority) == 0) return ValueTask.FromResult(Take(account, demand));

            if (Waiting >= options.MaxWaiting && !TryDisplaceFor(account))
            {
                _flows.Rest(account);
                throw Full();
            }

            waiter = new Waiter(account, demand);
            account.Add(waiter);
            _waiting[(int)demand.Priority]++;
            _rate.Begin();
        }

        return new ValueTask<Place>(WaitAsync(waiter, cancellationToken));
    }

    /// <summary>Refuses who comes and who waits; those with places keep them.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            foreach (FlowAccount account in _flows.Busy.ToArray())
            {
                while (account.Newest() is { } waiter)
                {
                    Leave(waiter);
                    waiter.Refuse(Closed());
                }
            }
        }
    }

    internal void Release(Place place)
    {
        lock (_lock)
        {
            _places--;
            if (place.Priority != RequestPriority.Interactive) _writing--;
            place.Account.Places--;
            place.Account.Expected -= place.Expected;
            _flows.Rest(place.Account);
            _rate.Freed(isWanted: Waiting > 0);
            AdmitNext();
        }
    }

    /// <summary>A piece of what was expected has been computed.</summary>
    internal void Computed(Place place, long cost)
    {
        lock (_lock) place.Account.Expected -= place.Expect(cost);
    }

    private async Task<Place> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(_ => GiveUp(waiter, cancellationToken), null);
        return await waiter.Task.ConfigureAwait(false);
    }

    private void GiveUp(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!waiter.IsWaiting) return; // it has its place; its owner looks at the token next
            Leave(waiter);
            waiter.Cancel(cancellationToken);
        }
    }

    private void AdmitNext()
    {
        Span<bool> wants = stackalloc bool[PriorityShares.Classes];
        while (_places < options.MaxActive)
        {
            for (int c = 0; c < wants.Length; c++) wants[c] = _waiting[c] > 0 && MayEnter((RequestPriority)c);
            if (_shares.Next(wants) is not { } priority) return;
            Waiter waiter = NextOf(priority);
            _shares.Charge(priority, 1);

            // The place is taken before the wait ends, so that the account stays busy.
            Place place = Take(waiter.Account, waiter.Demand);
            Leave(waiter);
            waiter.Give(place);
        }
    }

    private Waiter NextOf(RequestPriority priority)
    {
        Waiter? next = null;
        long least = long.MaxValue;
        foreach (FlowAccount account in _flows.Busy)
        {
            if (account.Oldest(priority) is not { } oldest) continue;
            long served = account.Served + account.Expected;
            if (next is not null && served >= least) continue;
            next = oldest;
            least = served;
        }

        return next ?? throw new InvalidOperationException($"{_waiting[(int)priority]} requests of {priority} are counted and none waits.");
    }

    /// <summary>
    /// A full line must not be one flow's: who has less than an equal part of it takes the place of the newest of the flow that has most.
    /// </summary>
    private bool TryDisplaceFor(FlowAccount account)
    {
        FlowAccount? longest = null;
        int flows = account.Waiting == 0 ? 1 : 0;
        foreach (FlowAccount other in _flows.Busy)
        {
            if (other.Waiting > 0) flows++;
            if (longest is null || other.Waiting > longest.Waiting) longest = other;
        }

        if (account.Waiting >= options.MaxWaiting / flows || longest?.Newest() is not { } newest || longest.Waiting <= account.Waiting + 1) return false;
        LatentDbException refusal = Full();
        Leave(newest);
        newest.Refuse(refusal);
        return true;
    }

    private bool MayEnter(RequestPriority priority) =>
        _places < options.MaxActive && (priority == RequestPriority.Interactive || _writing < options.MaxWriting);

    private Place Take(FlowAccount account, Demand demand)
    {
        _places++;
        if (demand.Priority != RequestPriority.Interactive) _writing++;
        account.Places++;
        account.Expected += demand.Cost;
        return new Place(this, account, demand);
    }

    private void Leave(Waiter waiter)
    {
        waiter.Account.Remove(waiter);
        _waiting[(int)waiter.Demand.Priority]--;
        _flows.Rest(waiter.Account);
    }

    private LatentDbException Full()
    {
        Interlocked.Increment(ref _refused);
        return new LatentDbException(ErrorCode.Overloaded, $"{options.MaxActive} requests are running and {options.MaxWaiting} are waiting for the model.")
        {
            RetryAfter = _rate.RetryAfter(Waiting),
        };
    }

    private static LatentDbException Closed() => new(ErrorCode.ShuttingDown, "The model is being put away; no request is taken any more.");
}
