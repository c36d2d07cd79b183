using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace LatentDb.MemoryStore.Telemetry;

/// <summary>Instruments of the store, meter <c>LatentDb.MemoryStore</c>.</summary>
internal static class StoreMetrics
{
    public const string Name = "LatentDb.MemoryStore";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> AppendedBytes = Meter.CreateCounter<long>("latentdb.store.appended", "By", "Bytes of frames appended.");

    private static readonly Histogram<double> CommitSeconds = Meter.CreateHistogram<double>("latentdb.store.commit.duration", "s", "Time of one commit.");

    private static readonly Histogram<long> CommitRecords = Meter.CreateHistogram<long>("latentdb.store.commit.records", "{record}", "Records of one commit.");

    private static readonly Counter<long> ReadBytes = Meter.CreateCounter<long>("latentdb.store.read", "By", "Bytes of slices read and verified.");

    private static readonly Histogram<double> RecoverySeconds = Meter.CreateHistogram<double>("latentdb.store.recovery.duration", "s", "Time to open one shard.");

    public static ActivitySource Source { get; } = new(Name);

    public static LogInstruments ForLog(string log) => new(new KeyValuePair<string, object?>("log", log));

    public static void SliceRead(long bytes) => ReadBytes.Add(bytes);

    public static void Recovered(TimeSpan duration) => RecoverySeconds.Record(duration.TotalSeconds);

    /// <summary>The instruments of one log, with its name as tag.</summary>
    internal sealed class LogInstruments(KeyValuePair<string, object?> log)
    {
        public void Appended(int bytes) => AppendedBytes.Add(bytes, log);

        public CommitTimer TimeCommit(int records)
        {
            CommitRecords.Record(records, log);
            return new CommitTimer(log, Stopwatch.GetTimestamp(), Source.StartActivity("store.commit"));
        }
    }

    /// <summary>Records the time of a commit when disposed, whether it succeeded or not.</summary>
    internal readonly struct CommitTimer(KeyValuePair<string, object?> log, long started, Activity? activity) : IDisposable
    {
        public void Dispose()
        {
            CommitSeconds.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, log);
            activity?.Dispose();
        }
    }
}
