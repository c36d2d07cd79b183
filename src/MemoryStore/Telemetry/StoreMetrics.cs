using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace LatentDb.MemoryStore.Telemetry;

/// <summary>Instruments of the store, meter <c>LatentDb.MemoryStore</c>. What it holds is told by StoreGauges.</summary>
internal static class StoreMetrics
{
    public const string Name = "LatentDb.MemoryStore";

    /// <summary>From a sync into the cache of a fast disk to one that a busy disk keeps waiting.</summary>
    private static readonly InstrumentAdvice<double> DiskSeconds = new() { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] };

    /// <summary>Work over a whole shard.</summary>
    private static readonly InstrumentAdvice<double> LongSeconds = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800] };

    private static readonly InstrumentAdvice<long> Counts = new() { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] };

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> AppendedBytes = Meter.CreateCounter<long>("latentdb.store.appended", "By", "Bytes of frames appended.");

    private static readonly Histogram<double> CommitSeconds = Meter.CreateHistogram("latentdb.store.commit.duration", "s", "Time of one commit, which all records that wait for it share.", null, DiskSeconds);

    private static readonly Histogram<long> CommitRecords = Meter.CreateHistogram("latentdb.store.commit.records", "{record}", "Records of one commit.", null, Counts);

    private static readonly Histogram<double> SyncSeconds = Meter.CreateHistogram("latentdb.store.sync.duration", "s", "Time of one fdatasync of a log.", null, DiskSeconds);

    private static readonly Counter<long> ReadBytes = Meter.CreateCounter<long>("latentdb.store.read", "By", "Bytes of slices read and verified.");

    private static readonly Histogram<double> RecoverySeconds = Meter.CreateHistogram("latentdb.store.recovery.duration", "s", "Time to open one shard.", null, LongSeconds);

    private static readonly Counter<long> Reopenings = Meter.CreateCounter<long>("latentdb.store.reopenings", "{try}", "Tries to open a shard again that took no more writes, by outcome.");

    private static readonly Counter<long> Damages = Meter.CreateCounter<long>("latentdb.store.damage", "{damage}", "Times that stored bytes were not what was written, by what found it.");

    private static readonly Histogram<double> CompactionSeconds = Meter.CreateHistogram("latentdb.store.compaction.duration", "s", "Time of one pass of compaction over all shards.", null, LongSeconds);

    private static readonly Counter<long> FreedBytes = Meter.CreateCounter<long>("latentdb.store.compaction.freed", "By", "Bytes of segment files that compaction removed.");

    private static readonly Counter<long> CopiedBytes = Meter.CreateCounter<long>("latentdb.store.compaction.copied", "By", "Bytes of live records that compaction copied.");

    private static readonly Counter<long> DroppedVersions = Meter.CreateCounter<long>("latentdb.store.versions.dropped", "{version}", "Versions that retention dropped.");

    private static readonly Counter<long> BackupPasses = Meter.CreateCounter<long>("latentdb.backup.passes", "{pass}", "Passes of the backup over a shard, by outcome.");

    private static readonly Counter<long> BackupBytes = Meter.CreateCounter<long>("latentdb.backup.put", "By", "Bytes that backups put into the second place.");

    public static ActivitySource Source { get; } = new(Name);

    /// <summary>Makes what rarely happens visible as zero: an alert on a series that is not there yet would miss its first event.</summary>
    public static void Announce()
    {
        foreach (string finder in (string[])["slice", "version", "state", "scrub"]) DamageFound(finder, 0);
        Reopenings.Add(0, new KeyValuePair<string, object?>("outcome", "ok"));
        Reopenings.Add(0, new KeyValuePair<string, object?>("outcome", "failed"));
        FreedBytes.Add(0);
        CopiedBytes.Add(0);
        DroppedVersions.Add(0);
    }

    /// <param name="log">manifest or blocks. Only the first one's commits have spans: those of blocks run while an inject goes on writing, one for every few slices.</param>
    public static LogInstruments ForLog(string log) => new(new KeyValuePair<string, object?>("log", log), isTraced: log == "manifest");

    public static void SliceRead(long bytes) => ReadBytes.Add(bytes);

    public static void Recovered(TimeSpan duration) => RecoverySeconds.Record(duration.TotalSeconds);

    public static void Reopened(bool isOpen) => Reopenings.Add(1, new KeyValuePair<string, object?>("outcome", isOpen ? "ok" : "failed"));

    public static void BackedUp(long putBytes, bool isOk)
    {
        BackupPasses.Add(1, new KeyValuePair<string, object?>("outcome", isOk ? "ok" : "failed"));
        BackupBytes.Add(putBytes);
    }

    /// <param name="finder">slice, version or state: a read of one; scrub.</param>
    /// <param name="count">How many.</param>
    public static void DamageFound(string finder, long count = 1) => Damages.Add(count, new KeyValuePair<string, object?>("finder", finder));

    public static void Compacted(TimeSpan duration, long freedBytes, long copiedBytes, long versionsDropped)
    {
        CompactionSeconds.Record(duration.TotalSeconds);
        FreedBytes.Add(freedBytes);
        CopiedBytes.Add(copiedBytes);
        DroppedVersions.Add(versionsDropped);
    }

    /// <summary>Measures one sync; a failed one counts too.</summary>
    public static void TimeSync(Action sync)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            sync();
        }
        finally
        {
            SyncSeconds.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }

    /// <summary>Starts a loop that outlives the call in which it begins: its spans are no part of that call's trace.</summary>
    public static Task RunAlone(Func<Task> loop)
    {
        Activity? current = Activity.Current;
        Activity.Current = null;
        try
        {
            return Task.Run(loop);
        }
        finally
        {
            Activity.Current = current;
        }
    }

    /// <summary>The instruments of one log, with its name as tag.</summary>
    internal sealed class LogInstruments(KeyValuePair<string, object?> log, bool isTraced)
    {
        /// <summary>One commit can carry hundreds of records; a span with more links than this is not read by anybody.</summary>
        private const int MaxLinks = 16;

        public void Appended(int bytes) => AppendedBytes.Add(bytes, log);

        /// <param name="records">How many it makes durable.</param>
        /// <param name="callers">Spans that wait for it: the first is its parent, the others are linked.</param>
        public CommitTimer TimeCommit(int records, IEnumerable<ActivityContext> callers)
        {
            CommitRecords.Record(records, log);
            return new CommitTimer(log, Stopwatch.GetTimestamp(), isTraced && Source.HasListeners() ? Trace(records, callers) : null);
        }

        private Activity? Trace(int records, IEnumerable<ActivityContext> callers)
        {
            ActivityContext[] traced = [.. callers.Where(c => c != default).DistinctBy(c => c.TraceId).Take(MaxLinks)];
            if (traced.Length == 0) return null;
            Activity? activity = Source.StartActivity("store.group_commit", ActivityKind.Internal, traced[0], [log], traced.Skip(1).Select(c => new ActivityLink(c)));
            return activity?.SetTag("latentdb.records", records);
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
