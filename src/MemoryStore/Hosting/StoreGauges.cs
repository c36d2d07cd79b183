using System.Diagnostics.Metrics;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Integrity;
using LatentDb.MemoryStore.Telemetry;

namespace LatentDb.MemoryStore.Hosting;

/// <summary>What the store holds now, read when somebody collects metrics; nothing while it is closed.</summary>
internal sealed class StoreGauges : IDisposable
{
    /// <summary>One look serves all gauges of a collection: it asks the disk for the length of every segment.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly Meter _meter = new(StoreMetrics.Name);
    private readonly Func<StoreStats> _look;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private StoreStats? _stats;
    private long _lookedAt;

    /// <param name="look">Looks at the store; refused while it is closed.</param>
    /// <param name="failedShards">Counts the shards that take no writes.</param>
    /// <param name="time">Ages the look.</param>
    public StoreGauges(Func<StoreStats> look, Func<int> failedShards, TimeProvider time)
    {
        _look = look;
        _time = time;
        Add("latentdb.store.shards", "{shard}", "Shards of the data folder.", s => s.Shards);
        _meter.CreateObservableGauge("latentdb.store.shards.failed", failedShards, "{shard}", "Shards that take no writes.");
        Add("latentdb.store.memories", "{memory}", "Memories of all tenants.", s => s.Memories);
        Add("latentdb.store.live", "By", "Bytes of the frames that something refers to.", s => s.LiveBytes);
        Add("latentdb.store.files", "By", "Bytes of all segment files.", s => s.FileBytes);
        Add("latentdb.store.disk.free", "By", "Bytes that the disk of the data folder still takes.", s => s.FreeDiskBytes);
    }

    public void Dispose() => _meter.Dispose();

    private void Add(string name, string unit, string description, Func<StoreStats, long> value) =>
        _meter.CreateObservableGauge(name, () => Look() is { } stats ? [new Measurement<long>(value(stats))] : Array.Empty<Measurement<long>>(), unit, description);

    private StoreStats? Look()
    {
        lock (_lock)
        {
            if (_stats is not null && _time.GetElapsedTime(_lookedAt) < Freshness) return _stats;
            try
            {
                _stats = _look();
                _lookedAt = _time.GetTimestamp();
            }
            catch (Exception e) when (e is LatentDbException or IOException)
            {
                // Closed, or a segment went away while its length was asked for; the next collection looks again.
                _stats = null;
            }

            return _stats;
        }
    }
}
