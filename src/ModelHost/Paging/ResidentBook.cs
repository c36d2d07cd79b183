using LatentDb.MemoryStore.Identity;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// Who holds how much of a byte budget: slices in use stay, the others leave by <see cref="GreedyDual"/> and <see cref="FlowShares"/>. Guarded by the
/// lock of the <see cref="ResidentSet"/>.
/// </summary>
internal sealed class ResidentBook(long budgetBytes)
{
    /// <summary>Part of the budget that may hold what was prefetched and not yet wanted: more would push itself out before it is used.</summary>
    private const int PrefetchedShare = 4;

    private readonly Dictionary<ResidentKey, ResidentEntry> _entries = [];
    private readonly FlowShares _flows = new(budgetBytes);
    private long _bookedBytes;
    private long _heldBytes;
    private long _pinCount;
    private long _evictions;
    private long _evictedBytes;
    private long _prefetchedBytes;
    private long _prefetchesUsed;
    private long _prefetchesLost;
    private long _hits;
    private long _loads;
    private long _loadedBytes;

    /// <summary>Bytes whose use has ended, since the start.</summary>
    public long EndedBytes { get; private set; }

    /// <summary>The book at a moment, with what the line has to say.</summary>
    public ResidentCounts Counts(int waiting, long waits) => new(
        _bookedBytes, _heldBytes, _pinCount, _entries.Count, waiting, waits, _hits, _loads, _loadedBytes, _evictions, _evictedBytes, _prefetchesUsed, _prefetchesLost);

    /// <summary>What is lacking for a request, when everything that is idle leaves: at most 0 when it fits.</summary>
    public Shortage ShortageOf(ReservationRequest request)
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

    /// <summary>Pins and books all slices of a request that fits.</summary>
    public Reservation Grant(ReservationRequest request)
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

    /// <summary>Books what is not there of slices that will soon be wanted, and pins nothing.</summary>
    /// <param name="request">The slices.</param>
    /// <param name="mayBook">False: only what is there is kept.</param>
    /// <returns>What is to be loaded; nothing when much was prefetched already.</returns>
    public List<ResidentEntry> Prefetch(ReservationRequest request, bool mayBook)
    {
        List<ResidentEntry> booked = [];
        List<PlannedSlice> missing = [];
        foreach (PlannedSlice slice in request.Slices)
        {
            if (!_entries.TryGetValue(slice.Key, out ResidentEntry? entry)) missing.Add(slice);
            else if (!entry.IsHeld) _flows.Refresh(entry); // What is there already must not make room for the rest.
        }

        long bytes = missing.Sum(s => s.Bytes);
        bool hasRoom = _prefetchedBytes + bytes <= budgetBytes / PrefetchedShare && _heldBytes + bytes <= budgetBytes;
        if (bytes == 0 || !hasRoom || !mayBook) return booked;
        ResidentFlow flow = _flows.Pin(request.Flow);
        using Spares spares = MakeRoom(bytes, flow);
        foreach (PlannedSlice slice in missing)
        {
            ResidentEntry entry = Book(slice, flow, spares);
            entry.IsPrefetched = true;
            booked.Add(entry);
        }

        _prefetchedBytes += bytes;
        return booked;
    }

    /// <summary>Its load has ended, one way or the other.</summary>
    public void EndLoad(ResidentEntry entry)
    {
        entry.IsLoading = false;
        entry.Spare?.Dispose();
        entry.Spare = null;
    }

    /// <summary>Somebody uses it no more: when nobody does, it may leave.</summary>
    public void EndUse(ResidentEntry entry)
    {
        if (entry.IsHeld) return;
        EndHold(entry.Bytes);
        if (entry.IsErased || entry.Slice is null) Free(entry)?.Dispose();
        else _flows.Idle(entry);
    }

    /// <summary>Gives everything back.</summary>
    public void Release(Reservation reservation)
    {
        foreach (ResidentEntry entry in reservation.Entries)
        {
            entry.Pins--;
            _pinCount--;
            EndUse(entry);
        }

        _bookedBytes -= reservation.Request.ScratchBytes;
        EndHold(reservation.Request.ScratchBytes);
    }

    /// <summary>Of an entry whose load did not succeed: nobody finds it any more, and it takes no room, whoever still pins it.</summary>
    public void TakeOut(ResidentEntry entry)
    {
        if (_entries.TryGetValue(entry.Key, out ResidentEntry? current) && ReferenceEquals(current, entry)) _entries.Remove(entry.Key);
        if (entry.Pins == 0) EndUse(entry);
    }

    /// <summary>Drops every slice that <paramref name="owner"/> wrote: now when nobody uses it, else when its last user has gone.</summary>
    public void DropOwner(MemoryUid owner)
    {
        foreach (ResidentEntry entry in _entries.Values.Where(e => e.Address.Block.Owner == owner).ToArray())
        {
            _entries.Remove(entry.Key);
            entry.IsErased = true;
            if (!entry.IsHeld) Free(entry)?.Dispose();
        }
    }

    /// <summary>Frees every slice, whoever uses it.</summary>
    public void Clear()
    {
        foreach (ResidentEntry entry in _entries.Values) entry.Slice?.Dispose();
        _entries.Clear();
        _bookedBytes = 0;
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

    private bool EndPrefetch(ResidentEntry entry)
    {
        if (!entry.IsPrefetched) return false;
        entry.IsPrefetched = false;
        _prefetchedBytes -= entry.Bytes;
        return true;
    }

    private void EndHold(long bytes)
    {
        _heldBytes -= bytes;
        EndedBytes += bytes;
    }

    private DeviceBuffer? Free(ResidentEntry entry)
    {
        _bookedBytes -= entry.Bytes;
        if (EndPrefetch(entry)) _prefetchesLost++;
        _flows.Discharge(entry);
        return entry.Slice?.TakeBuffer();
    }
}

/// <summary>What a request lacks.</summary>
/// <param name="Bytes">Lacking; at most 0 when it fits.</param>
/// <param name="IsResident">All slices are there or on their way.</param>
internal readonly record struct Shortage(long Bytes, bool IsResident);
