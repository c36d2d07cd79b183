using System.Diagnostics.Metrics;

namespace LatentDb.MemoryStore.Telemetry;

/// <summary>How shards come and go; of the store's meter, and silent where there is no cluster.</summary>
internal static class ClusterMetrics
{
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 300] };

    private static readonly Meter Meter = new(StoreMetrics.Name);

    private static readonly Gauge<long> OwnedShards = Meter.CreateGauge<long>("latentdb.store.shards.owned", "{shard}", "Shards that this silo has open under a lease.");

    private static readonly Counter<long> Openings = Meter.CreateCounter<long>("latentdb.store.shards.openings", "{opening}", "Openings of shards that this silo should have, by outcome.");

    private static readonly Counter<long> HandOvers = Meter.CreateCounter<long>("latentdb.store.shards.handovers", "{shard}", "Shards that this silo handed over.");

    private static readonly Counter<long> LostLeases = Meter.CreateCounter<long>("latentdb.store.leases.lost", "{lease}", "Leases that ended while their shard was open.");

    private static readonly Histogram<double> Unowned =
        Meter.CreateHistogram("latentdb.store.shards.unowned.duration", "s", "Time from seeing a shard without an owner to having it open here.", null, Seconds);

    /// <summary>Makes what rarely happens visible as zero.</summary>
    public static void Announce()
    {
        foreach (string outcome in (string[])["ok", "failed"]) Openings.Add(0, new KeyValuePair<string, object?>("outcome", outcome));
        HandOvers.Add(0);
        LostLeases.Add(0);
    }

    public static void Owned(int shards) => OwnedShards.Record(shards);

    public static void Opened(bool isOpen, TimeSpan unowned)
    {
        Openings.Add(1, new KeyValuePair<string, object?>("outcome", isOpen ? "ok" : "failed"));
        if (isOpen) Unowned.Record(unowned.TotalSeconds);
    }

    public static void HandedOver() => HandOvers.Add(1);

    public static void LeaseLost() => LostLeases.Add(1);
}
