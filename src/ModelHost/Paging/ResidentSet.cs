using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// Which slices are resident, within a byte budget. A pass gets all its slices or waits in line; slices in use stay, the others leave by
/// <see cref="GreedyDual"/> and <see cref="FlowShares"/>. Slices are immutable and never rewritten, so nothing is invalidated: only an erased memory's
/// slices are dropped. Thread-safe; every method is short.
/// </summary>
/// <remarks>
/// Nobody waits while he holds anything, because a pass reserves once: so whoever holds room ends without more of it, and the line always moves.
/// </remarks>
internal sealed class ResidentSet(long budgetBytes, int maxWaiting) : IDisposable
{
    /// <summary>Part of the budget that may hold what was prefetched and not yet wanted: more would push itself out before it is used.</summary>
    private const int PrefetchedShare = 4;

    private readonly Lock _lock = new();
    private readonly Dictionary<ResidentKey, ResidentEntry> _entries = [];
    private readonly FlowShares _flows = new(budgetBytes);
    private readonly ReservationLine _line = new(maxWaiting);
    private long _bookedBytes;
    private long _heldBytes;
    private long _firstShortBytes; // At least what the first in line still lacks.
    private long _pinCount;
    private long _evictions;
    private long _evictedBytes;
    private long _prefetchedBytes;
    private long _prefetchesUsed;
    private long _prefetchesLost;
    private long _waits;
    private long _hits;
    private long _loads;
    private long _loadedBytes;
    private bool _isClosed;

    /// <summary>The pager at a moment.</summary>
    public ResidentCounts Counts
    {
        get
        {
            lock (_lock) return new ResidentCounts(_bookedBytes, _heldBytes, _pinCount, _entries.Count, _line.Count, _waits, _hits, _loads, _loadedBytes, _evictions, _evictedBytes, _prefetchesUsed, _prefetchesLost);
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
            Shortage shortage = ShortageOf(request);
            if (shortage.Bytes <= 0 && _line.MayOvertake(shortage.IsResident)) return ValueTask.FromResult(Grant(request));
            waiter = _line.Join(request);
            if (_line.Count == 1) _firstShortBytes = shortage.Bytes;
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
            if (_isClosed || _line.Count > 0 || ShortageOf(request).Bytes > 0) return null;
            return Grant(request);
        }
    }

    /// <summary>Books what is not there of slices that will soon be wanted, without waiting, and without pinning anything.</summary>
    /// <returns>What the caller has loaded; nothing when others wait for room, or much was prefetched already.</returns>
    public List<ResidentEntry> Prefetch(ReservationRequest request)
    {
        List<ResidentEntry> booked = [];
        lock (_lock)
        {
            List<PlannedSlice> missing = [];
            foreach (PlannedSlice slice in request.Slices)
            {
                if (!_entries.TryGetValue(slice.Key, out ResidentEntry? entry)) missing.Add(slice);
                else if (!entry.IsHeld) _flows.Refresh(entry); // What is there already must not make room for the rest.
            }

            long bytes = missing.Sum(s => s.Bytes);
            bool hasRoom = _prefetchedBytes + bytes <= budgetBytes / PrefetchedShare && _heldBytes + bytes <= budgetBytes;
            if (bytes == 0 || !hasRoom || _isClosed || _line.Count > 0) return booked;
            ResidentFlow flow = _flows.Pin(request.Flow);
            Spares spares = MakeRoom(bytes, flow);
            foreach (PlannedSlice slice in missing)
            {
                ResidentEntry entry = Book(slice, flow, spares);
                entry.IsPrefetched = true;
                booked.Add(entry);
            }

            _prefetchedBytes += bytes;
            spares.Dispose();
        }

        return booked;
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
                EndLoad(entry);
                TakeOut(entry);
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
            foreach (ResidentEntry entry in reservation.Entries)
            {
                entry.Pins--;
                _pinCount--;
                EndUse(entry);
            }

            _bookedBytes -= reservation.Request.ScratchBytes;
            EndHold(reservation.Request.ScratchBytes);
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
            EndLoad(entry);
            TakeOut(entry);
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
            EndLoad(entry);
            EndUse(entry);
            if (_isClosed) slice.Dispose();
            ServeLine();
        }
    }

    /// <summary>The slice could not be loaded: everybody who pinned it gets the error, and the next pin tries again.</summary>
    public void Fail(ResidentEntry entry, Exception error)
    {
        lock (_lock)
        {
            EndLoad(entry);
            TakeOut(entry);
            ServeLine();
        }

        entry.Fail(error);
    }

    /// <summary>Drops every slice that <paramref name="owner"/> wrote: now when nobody uses it, else when its last user has gone.</summary>
    public void DropOwner(MemoryUid owner)
    {
        lock (_lock)
        {
            foreach (ResidentEntry entry in _entries.Values.Where(e => e.Address.Block.Owner == owner).ToArray())
            {
                _entries.Remove(entry.Key);
                entry.IsErased = true;
                if (!entry.IsHeld) Free(entry)?.Dispose();
            }

            ServeLine();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            _line.Close();
            foreach (ResidentEntry entry in _entries.Values) entry.Slice?.Dispose();
            _entries.Clear();
            _bookedBytes = 0;
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
            _firstShortBytes = 0;
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
        while (_firstShortBytes <= 0 && _line.First is { } first)
        {
            _firstShortBytes = ShortageOf(first).Bytes;
            if (_firstShortBytes > 0) return;
            _line.Serve(Grant(first));
            _firstShortBytes = 0;
        }
    }

    /// <summary>What is lacking for a request, when everything that is idle leaves: at most 0 when it fits.</summary>
    private Shortage ShortageOf(ReservationRequest request)
    {
        long bytes = _heldBytes + request.ScratchBytes - budgetBytes;
        bool isResident = true;
        foreach (PlannedSlice slice in request.Slices)
        {
            bool isKnown = _entries.TryGetValue(slice.Key, out ResidentEntry? entry);
            isResident &= isKnown;
            if (!isKnown || !entry!.IsHeld) bytes += slice.Bytes;
        }

        return new Shortage(bytes, isResident);
    }

    private Reservation Grant(ReservationRequest request)
    {
        ResidentFlow flow = _flows.Pin(request.Flow);
        var entries = new ResidentEntry[request.Slices.Length];
        long missingBytes = request.ScratchBytes;
        for (int i = 0; i < entries.Length; i++)
        {
            PlannedSlice slice = request.Slices[i];
            if (_entries.TryGetValue(slice.Key, out ResidentEntry? entry)) Hold(entries[i] = entry, flow);
            else missingBytes += slice.Bytes;
        }

        using Spares spares = MakeRoom(missingBytes, flow);
        List<ResidentEntry> missing = [];
        List<ResidentEntry> toLoad = [];
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i] is null)
            {
                missing.Add(entries[i] = Book(request.Slices[i], flow, spares));
                entries[i].Pins = 1;
                _pinCount++;
            }

            if (!entries[i].HasBegun) toLoad.Add(entries[i]);
        }

        _bookedBytes += request.ScratchBytes;
        _heldBytes += request.ScratchBytes;
        return new Reservation(request, entries, missing, toLoad);
    }

    private void Hold(ResidentEntry entry, ResidentFlow flow)
    {
        if (!entry.IsHeld) _heldBytes += entry.Bytes;
        entry.Pins++;
        _pinCount++;
        _hits++;
        if (EndPrefetch(entry)) _prefetchesUsed++;
        _flows.Want(entry, flow);
    }

    private ResidentEntry Book(PlannedSlice slice, ResidentFlow flow, Spares spares)
    {
        var entry = new ResidentEntry(slice, flow) { Uses = 1, CostClass = GreedyDual.CostClassOf(slice.Bytes), Spare = spares.Take(slice.Bytes) };
        _entries.Add(slice.Key, entry);
        _bookedBytes += slice.Bytes;
        _heldBytes += slice.Bytes;
        _loads++;
        _loadedBytes += slice.Bytes;
        FlowShares.Charge(entry);
        return entry;
    }

    /// <summary>Evicts until the bytes fit. Whoever calls knows that enough is idle.</summary>
    /// <returns>The memory of what left.</returns>
    private Spares MakeRoom(long bytes, ResidentFlow flow)
    {
        var spares = new Spares();
        while (_bookedBytes + bytes > budgetBytes)
        {
            ResidentEntry victim = _flows.Victim(flow, bytes) ?? throw new InvalidOperationException($"{_heldBytes} of {_bookedBytes} bytes are held, and nothing is idle.");
            _entries.Remove(victim.Key);
            _evictions++;
            _evictedBytes += victim.Bytes;
            if (Free(victim) is { } buffer) spares.Add(victim.Bytes, buffer);
        }

        return spares;
    }

    private void EndLoad(ResidentEntry entry)
    {
        entry.IsLoading = false;
        entry.Spare?.Dispose();
        entry.Spare = null;
    }

    private void EndUse(ResidentEntry entry)
    {
        if (entry.IsHeld) return;
        EndHold(entry.Bytes);
        if (entry.IsErased || entry.Slice is null) Free(entry)?.Dispose();
        else _flows.Idle(entry);
    }

    private void EndHold(long bytes)
    {
        _heldBytes -= bytes;
        _firstShortBytes -= bytes;
    }

    /// <summary>Of an entry whose load did not succeed: nobody finds it any more, and it takes no room, whoever still pins it.</summary>
    private void TakeOut(ResidentEntry entry)
    {
        if (_entries.TryGetValue(entry.Key, out ResidentEntry? current) && ReferenceEquals(current, entry)) _entries.Remove(entry.Key);
        if (entry.Pins == 0) EndUse(entry);
    }

    private bool EndPrefetch(ResidentEntry entry)
    {
        if (!entry.IsPrefetched) return false;
        entry.IsPrefetched = false;
        _prefetchedBytes -= entry.Bytes;
        return true;
    }

    private DeviceBuffer? Free(ResidentEntry entry)
    {
        _bookedBytes -= entry.Bytes;
        if (EndPrefetch(entry)) _prefetchesLost++;
        _flows.Discharge(entry);
        return entry.Slice?.TakeBuffer();
    }

    /// <param name="Bytes">Lacking.</param>
    /// <param name="IsResident">All slices are there or on their way.</param>
    private readonly record struct Shortage(long Bytes, bool IsResident);
}
