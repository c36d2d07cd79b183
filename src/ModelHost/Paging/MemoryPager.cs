using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Telemetry;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// Brings the rows that a version refers to into the back end's memory and keeps them there while a pass uses them. Thread-safe; several pins of
/// one slice share one load.
/// </summary>
internal sealed class MemoryPager : IDisposable
{
    private const string NoFlow = "";

    /// <summary>A memory whose rows would take more than this part of the budget keeps of its bank only the retrieval keys resident.</summary>
    private const int MaxShareOfOneMemory = 2;

    private readonly IComputeBackend _backend;
    private readonly SliceGeometry _geometry;
    private readonly PagerOptions _options;
    private readonly ResidentSet _resident;
    private readonly HostTier _host;
    private readonly SliceLoader _loader;
    private readonly PagerTelemetry _telemetry;
    private readonly ConditionalWeakTable<Manifest, PinPlan> _readPlans = [];

    public MemoryPager(IComputeBackend backend, SliceGeometry geometry, PagerOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ResidentBytes, 1);
        _backend = backend;
        _geometry = geometry;
        _options = options;
        _resident = new ResidentSet(options.ResidentBytes, options.MaxWaitingPins);
        _host = new HostTier(backend.SharesHostMemory ? 0 : options.HostBytes);
        _loader = new SliceLoader(backend, geometry.RowType, _resident, _host, options.ConcurrentLoads);
        _telemetry = new PagerTelemetry(new PagerLoad(() => Counts.HeldBytes, () => Counts.Waiting, () => Counts.Waits, () => Counts.EvictedBytes, Prefetched));
        _telemetry.Observe(HostRead, () => HostCounts.Bytes, () => HostCounts.EvictedBytes);
    }

    public ResidentCounts Counts => _resident.Counts;

    /// <summary>The tier between store and device; empty where device memory is the machine's.</summary>
    public HostCounts HostCounts => _host.Counts;

    public long ResidentBytes => Counts.BookedBytes;

    public long OutstandingPins => Counts.Pins;

    /// <summary>Slices that left to make room for others, since the start.</summary>
    public long Evictions => Counts.Evictions;

    /// <summary>
    /// Pins what a query of <paramref name="manifest"/> reads: K, V and retrieval keys of its pool and bank. Ends as soon as there is room; the rows
    /// arrive layer by layer, see <see cref="PinHandle.WhenReadyAsync(int, CancellationToken)"/>. Waits in line while others' pins leave too little room.
    /// </summary>
    /// <param name="manifest">The version.</param>
    /// <param name="source">Where its blocks are read.</param>
    /// <param name="flow">Whose share of the budget it takes (a tenant).</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MemoryStore.Errors.LatentDbException">overloaded: too many wait, or the rows can never fit. shutting_down.</exception>
    public ValueTask<PinHandle> ReserveForReadAsync(Manifest manifest, IBlockSource source, string flow, CancellationToken cancellationToken) =>
        ReserveAsync(ReadPlan(manifest), source, flow, cancellationToken);

    /// <summary>
    /// Pins what an inject on top of <paramref name="manifest"/> reads: the hidden rows of the newest <paramref name="rows"/> pool rows. As
    /// <see cref="ReserveForReadAsync"/>.
    /// </summary>
    /// <inheritdoc cref="ReserveForReadAsync"/>
    public ValueTask<PinHandle> ReserveForWriteAsync(Manifest manifest, int rows, IBlockSource source, string flow, CancellationToken cancellationToken) =>
        ReserveAsync(PinPlan.ForWrite(manifest, rows, _geometry), source, flow, cancellationToken);

    /// <summary>As <see cref="ReserveForReadAsync"/>, and waits for all rows.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">overloaded, shutting_down, data_damaged.</exception>
    public ValueTask<PinHandle> PinForReadAsync(Manifest manifest, IBlockSource source, CancellationToken cancellationToken) =>
        ReadyAsync(ReserveForReadAsync(manifest, source, NoFlow, cancellationToken), cancellationToken);

    /// <summary>As <see cref="ReserveForWriteAsync"/>, and waits for all rows.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">overloaded, shutting_down, data_damaged.</exception>
    public ValueTask<PinHandle> PinForWriteAsync(Manifest manifest, int rows, IBlockSource source, CancellationToken cancellationToken) =>
        ReadyAsync(ReserveForWriteAsync(manifest, rows, source, NoFlow, cancellationToken), cancellationToken);

    /// <summary>
    /// Says that a query of <paramref name="manifest"/> will soon come: what is not there of its rows is read behind everything that somebody waits for,
    /// within a part of the budget. Waits for nothing; what goes wrong, the query meets again.
    /// </summary>
    /// <param name="manifest">The version.</param>
    /// <param name="source">Where its blocks are read.</param>
    /// <param name="flow">Whose share of the budget it takes (a tenant).</param>
    /// <param name="cancellationToken">Drops what has not been read yet; looked at as long as it lives.</param>
    public void Prefetch(Manifest manifest, IBlockSource source, string flow, CancellationToken cancellationToken = default)
    {
        List<ResidentEntry> booked = _resident.Prefetch(new ReservationRequest(ReadPlan(manifest).Slices, 0, flow));
        if (booked.Count == 0) return;
        _loader.Load(booked, source, isPrefetch: true);
        cancellationToken.UnsafeRegister(static (state, _) => ((PrefetchedRows)state!).GiveUp(), new PrefetchedRows(_resident, booked));
    }

    /// <summary>Makes a slice that was just written resident, so that the next query need not read it back. Does nothing when there is no room.</summary>
    public void Offer(BlockSlice slice, string flow = NoFlow)
    {
        var planned = new PlannedSlice(new ResidentKey(slice.Address, IsKeysOnly: false), _geometry.ResidentBytes(slice.Address.Part, slice.Tensors[0].Rows));
        if (_resident.TryReserve(new ReservationRequest([planned], 0, flow)) is not { } reservation) return;
        try
        {
            foreach (ResidentEntry entry in reservation.Missing)
            {
                _resident.Complete(entry, ResidentSlice.Load(_backend, slice, isKeysOnly: false, _geometry.RowType, entry.TakeSpare()));
            }
        }
        catch (Exception error)
        {
            _resident.Fail(reservation.Entries[0], error);
            throw;
        }
        finally
        {
            _resident.Release(reservation);
        }
    }

    /// <summary>Drops the rows that an erased memory wrote; what a running pass still reads goes when the pass ends.</summary>
    public void Forget(MemoryUid memory)
    {
        _resident.DropOwner(memory);
        _host.DropOwner(memory);
    }

    public void Dispose()
    {
        _telemetry.Dispose();
        _resident.Dispose();
    }

    private IEnumerable<Measurement<long>> Prefetched()
    {
        ResidentCounts counts = Counts;
        yield return new Measurement<long>(counts.PrefetchesUsed, new KeyValuePair<string, object?>("result", "used"));
        yield return new Measurement<long>(counts.PrefetchesLost, new KeyValuePair<string, object?>("result", "vain"));
    }

    private IEnumerable<Measurement<long>> HostRead()
    {
        HostCounts counts = HostCounts;
        yield return new Measurement<long>(counts.Hits, new KeyValuePair<string, object?>("result", "hit"));
        yield return new Measurement<long>(counts.Misses, new KeyValuePair<string, object?>("result", "miss"));
    }

    private PinPlan ReadPlan(Manifest manifest) => _readPlans.GetValue(manifest, m => PinPlan.ForRead(m, _geometry, _options.ResidentBytes / MaxShareOfOneMemory));

    private async ValueTask<PinHandle> ReserveAsync(PinPlan plan, IBlockSource source, string flow, CancellationToken cancellationToken)
    {
        Reservation reservation = await _resident.ReserveAsync(new ReservationRequest(plan.Slices, 0, flow), cancellationToken).ConfigureAwait(false);
        _loader.Load(reservation.ToLoad, source);
        return new PinHandle(_backend, _resident, _geometry, plan, reservation, new BankFetch(source, _host, _geometry, _options.ConcurrentLoads, _telemetry));
    }

    private static async ValueTask<PinHandle> ReadyAsync(ValueTask<PinHandle> reserved, CancellationToken cancellationToken)
    {
        PinHandle handle = await reserved.ConfigureAwait(false);
        try
        {
            for (int layer = 0; layer < handle.Manifest.Layers.Length; layer++) await handle.WhenReadyAsync(layer, cancellationToken).ConfigureAwait(false);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private sealed record PrefetchedRows(ResidentSet Resident, List<ResidentEntry> Booked)
    {
        public void GiveUp() => Resident.GiveUp(Booked);
    }
}
