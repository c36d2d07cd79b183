using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// Which slices are resident, within a byte budget. A pass gets all its slices or waits in line; the
/// <see cref="ResidentBook"/> says who holds how much. Slices are immutable and never rewritten, so nothing is invalidated: only an erased memory's
/// slices are dropped. Thread-safe; every method is short.
/// </summary>
/// <remarks>
/// Nobody waits while he holds anything, because a pass reserves once: so whoever holds room ends without more of it, and the line always moves.
/// </remarks>
internal sealed class ResidentSet(long budgetBytes, int maxWaiting) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ResidentBook _book = new(budgetBytes);
    private readonly ReservationLine _line = new(maxWaiting);
    private long _firstFitsAt; // EndedBytes of the book before which the first in line cannot fit.
    private long _waits;
    private bool _isClosed;

    /// <summary>The pager at a moment.</summary>
    public ResidentCounts Counts
    {
        get
        {
            lock (_lock) return _book.Counts(_line.Count, _waits);
        }
    }

    /// <summary>Pins every slice of a plan, waiting in line for room when what others use leaves too little.</summary>
    /// <exception cref="LatentDbException">overloaded: the line is full, or the budget is smaller than the request. shutting_down.</exception>
    public ValueTask<Reservation> ReserveAsync(ReservationRequest request, CancellationToken cancellationToken)
    {
        ReservationLine.Waiter waiter;
        lock (_lock)
        {
            ThrowIfImpossible(request);
            Shortage shortage = _book.ShortageOf(request);
            if (shortage.Bytes <= 0 && _line.MayOvertake(shortage.IsResident)) return ValueTask.FromResult(_book.Grant(request));
            waiter = _line.Join(request);
            if (_line.Count == 1) _firstFitsAt = _book.EndedBytes + shortage.Bytes;
            _waits++;
        }

        return WaitAsync(waiter, cancellationToken);
    }

    /// <summary>As <see cref="ReserveAsync"/>, but never waits nor goes before those who do.</summary>
    /// <returns>Null when there is no room now.</returns>
    public Reservation? TryReserve(ReservationRequest request)
    {
        lock (_lock)
        {
            if (_isClosed || _line.Count > 0 || _book.ShortageOf(request).Bytes > 0) return null;
            Reservation reservation = _book.Grant(request);
            foreach (ResidentEntry entry in reservation.Missing) entry.HasBegun = true; // The caller brings it; who wants it meanwhile waits for that.
            return reservation;
        }
    }

    /// <summary>Books what is not there of slices that will soon be wanted, without waiting, and without pinning anything.</summary>
    /// <returns>What the caller has loaded; nothing when others wait for room, or much was prefetched already.</returns>
    public List<ResidentEntry> Prefetch(ReservationRequest request)
    {
        lock (_lock) return _book.Prefetch(request, mayBook: !_isClosed && _line.Count == 0);
    }

    /// <summary>Of prefetched slices those that nobody wants yet, and whose load has not begun, are not read any more.</summary>
    public void GiveUp(List<ResidentEntry> prefetched)
    {
        List<ResidentEntry> dropped = [];
        lock (_lock)
        {
            foreach (ResidentEntry entry in prefetched.Where(e => e.IsPrefetched && !e.HasBegun && e.Pins == 0))
            {
                entry.HasBegun = true; // The loader passes over it.
                _book.EndLoad(entry);
                _book.TakeOut(entry);
                dropped.Add(entry);
            }

            ServeLine();
        }

        foreach (ResidentEntry entry in dropped) entry.Fail(new OperationCanceledException("Nobody wanted the slice any more."));
    }

    /// <summary>Gives everything back.</summary>
    public void Release(Reservation reservation)
    {
        lock (_lock)
        {
            _book.Release(reservation);
            ServeLine();
        }
    }

    /// <summary>Is this load still to be made? When nobody waits for it any more, the entry is taken out, and the caller must not load it.</summary>
    public bool BeginLoad(ResidentEntry entry)
    {
        lock (_lock)
        {
            if (entry.HasBegun) return false; // Prefetched, and then wanted before its turn came.
            entry.HasBegun = true;
            if (entry.Pins > 0 || entry.IsPrefetched) return true;
            _book.EndLoad(entry);
            _book.TakeOut(entry);
            ServeLine();
        }

        entry.Fail(new OperationCanceledException("Nobody wanted the slice any more."));
        return false;
    }

    /// <summary>The slice is there; owned by this set from now on.</summary>
    public void Complete(ResidentEntry entry, ResidentSlice slice)
    {
        lock (_lock)
        {
            entry.Complete(slice);
            _book.EndLoad(entry);
            _book.EndUse(entry);
            if (_isClosed) slice.Dispose();
            ServeLine();
        }
    }

    /// <summary>The slice could not be loaded: everybody who pinned it gets the error, and the next pin tries again.</summary>
    public void Fail(ResidentEntry entry, Exception error)
    {
        lock (_lock)
        {
            _book.EndLoad(entry);
            _book.TakeOut(entry);
            ServeLine();
        }

        entry.Fail(error);
    }

    /// <summary>Whether its memory was erased since it was booked.</summary>
    public bool IsErased(ResidentEntry entry)
    {
        lock (_lock) return entry.IsErased;
    }

    /// <summary>Drops every slice that <paramref name="owner"/> wrote: now when nobody uses it, else when its last user has gone.</summary>
    public void DropOwner(MemoryUid owner)
    {
        lock (_lock)
        {
            _book.DropOwner(owner);
            ServeLine();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            _line.Close();
            _book.Clear();
        }
    }

    private async ValueTask<Reservation> WaitAsync(ReservationLine.Waiter waiter, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.Register(() => Leave(waiter, cancellationToken));
        return await waiter.Granted.Task.ConfigureAwait(false);
    }

    private void Leave(ReservationLine.Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_line.Leave(waiter)) return;
            _firstFitsAt = 0;
            ServeLine(); // Those behind it may fit where it did not.
        }

        waiter.Granted.SetCanceled(cancellationToken);
    }

    private void ThrowIfImpossible(ReservationRequest request)
    {
        if (_isClosed) throw new LatentDbException(ErrorCode.ShuttingDown, "The model host is closing.");
        if (request.Bytes <= budgetBytes) return;
        throw new LatentDbException(
            ErrorCode.Overloaded, $"This memory's rows take {request.Bytes} bytes; the budget (model_host:resident_bytes) is {budgetBytes}, so they never fit.");
    }

    /// <summary>Called after every end of a use. Looks through the first one's slices only when so much became free that it may fit.</summary>
    private void ServeLine()
    {
        while (_firstFitsAt <= _book.EndedBytes && _line.First is { } first)
        {
            long shortBytes = _book.ShortageOf(first).Bytes;
            _firstFitsAt = _book.EndedBytes + shortBytes;
            if (shortBytes > 0) return;
            _line.Serve(_book.Grant(first));
            _firstFitsAt = 0;
        }
    }
}
