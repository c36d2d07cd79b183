using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace LatentDb.MemoryStore.Telemetry;

/// <summary>How copies of shards are kept; of the store's meter, and silent where there are none.</summary>
internal static class ReplicationMetrics
{
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] };

    private static readonly Meter Meter = new(StoreMetrics.Name);

    private static readonly ConcurrentDictionary<object, Func<CopyCounts>> Sources = new();

    private static readonly Counter<long> Fills = Meter.CreateCounter<long>("latentdb.store.copies.fills", "{copy}", "Copies at other silos that were filled.");

    private static readonly Counter<long> FilledBytes = Meter.CreateCounter<long>("latentdb.store.copies.filled", "By", "Bytes that were sent to fill copies, without what they had already.");

    private static readonly Histogram<double> Confirms =
        Meter.CreateHistogram("latentdb.store.copies.confirm.duration", "s", "Time from a commit on the owner's disk to its being on all copies that count.", null, Seconds);

    static ReplicationMetrics()
    {
        Meter.CreateObservableGauge("latentdb.store.copies.insync", () => Observe(c => c.InSync), "{copy}", "Copies that count, of the shards that this silo owns, its own among them.");
        Meter.CreateObservableGauge("latentdb.store.copies.missing", () => Observe(c => c.Missing), "{copy}", "Copies that these shards should have besides.");
        Meter.CreateObservableGauge("latentdb.store.copies.lag", () => Observe(c => c.LagBytes), "By", "What the follower that is furthest behind has not confirmed yet.");
        Meter.CreateObservableGauge("latentdb.store.copies.lag.duration", ObserveLag, "s", "For how long the follower that is furthest behind has not confirmed something.");
    }

    /// <summary>Shows what the source counts until it is removed.</summary>
    public static void Add(object owner, Func<CopyCounts> source) => Sources[owner] = source;

    public static void Remove(object owner) => Sources.TryRemove(owner, out _);

    public static void Filled(long bytes)
    {
        Fills.Add(1);
        FilledBytes.Add(bytes);
    }

    public static void Confirmed(TimeSpan waited) => Confirms.Record(waited.TotalSeconds);

    private static IEnumerable<Measurement<long>> Observe(Func<CopyCounts, long> read)
    {
        foreach (Func<CopyCounts> source in Sources.Values) yield return new Measurement<long>(read(source()));
    }

    private static IEnumerable<Measurement<double>> ObserveLag()
    {
        foreach (Func<CopyCounts> source in Sources.Values) yield return new Measurement<double>(source().Lag.TotalSeconds);
    }
}

/// <param name="InSync">Copies that count.</param>
/// <param name="Missing">Copies that there should be besides.</param>
/// <param name="LagBytes">What the slowest follower has not confirmed.</param>
/// <param name="Lag">Since when the slowest follower has not confirmed something.</param>
internal sealed record CopyCounts(int InSync, int Missing, long LagBytes, TimeSpan Lag);
