using System.Diagnostics.Metrics;

namespace LatentDb.ModelHost.Telemetry;

/// <summary>What the pager tells about room and waiting, beside what <see cref="ModelTelemetry"/> counts for each request. Under the same name.</summary>
internal sealed class PagerTelemetry : IDisposable
{
    private readonly Meter _meter = new(ModelTelemetry.Name);
    private readonly Counter<long> _fetched;

    public PagerTelemetry(PagerLoad load)
    {
        _meter.CreateObservableGauge("latentdb.pager.held", load.HeldBytes, "By", "Bytes of memory rows that are in use or on their way, and cannot leave.");
        _meter.CreateObservableGauge("latentdb.pager.waiting", load.Waiting, "{request}", "Requests that wait for room for their rows.");
        _meter.CreateObservableCounter("latentdb.pager.waits", load.Waits, "{request}", "Requests that had to wait for room for their rows.");
        _meter.CreateObservableCounter("latentdb.pager.evicted", load.EvictedBytes, "By", "Bytes of slices that left to make room.");
        _meter.CreateObservableCounter("latentdb.pager.prefetched", load.Prefetched, "{slice}", "Slices that were read ahead, by result: used, or in vain because they left before anybody wanted them.");
        _fetched = _meter.CreateCounter<long>("latentdb.pager.bank.fetched", "{row}", "Rows of banks that are too large to be resident, read because they were chosen.");
    }

    /// <summary>The tier between store and device.</summary>
    public void Observe(Func<IEnumerable<Measurement<long>>> slices, Func<long> bytes, Func<long> evictedBytes)
    {
        _meter.CreateObservableCounter("latentdb.pager.host.slices", slices, "{slice}", "Slices that the device lacked, by result: hit = kept in the machine's memory, miss = read from the store.");
        _meter.CreateObservableGauge("latentdb.pager.host.bytes", bytes, "By", "Bytes of slices that are kept in the machine's memory beside a device.");
        _meter.CreateObservableCounter("latentdb.pager.host.evicted", evictedBytes, "By", "Bytes of slices that left the machine's memory to make room.");
    }

    /// <summary>Bank rows were read because they were chosen.</summary>
    public void Fetched(int rows) => _fetched.Add(rows);

    public void Dispose() => _meter.Dispose();
}

/// <summary>The pager at a moment; each is asked when somebody collects metrics.</summary>
/// <param name="HeldBytes">In use or on their way.</param>
/// <param name="Waiting">Requests in line.</param>
/// <param name="Waits">Requests that stood in line, since the start.</param>
/// <param name="EvictedBytes">Since the start.</param>
/// <param name="Prefetched">Prefetched slices by what became of them, since the start.</param>
internal sealed record PagerLoad(Func<long> HeldBytes, Func<int> Waiting, Func<long> Waits, Func<long> EvictedBytes, Func<IEnumerable<Measurement<long>>> Prefetched);
