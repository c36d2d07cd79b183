using System.Diagnostics;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Telemetry;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Retention;

/// <summary>Retention and compaction of all shards of this process: passes on request, and a loop beside the traffic.</summary>
/// <remarks>One pass runs at a time; a second one waits. A pass may be cancelled, or its process killed, at any moment.</remarks>
public sealed partial class StoreCompactor : IDisposable
{
    private readonly Func<ShardSet> _shards;
    private readonly Func<TenantId, RetentionPolicy> _policies;
    private readonly TimeProvider _time;
    private readonly SteadyClock _clock;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private long _passes;

    internal StoreCompactor(Func<ShardSet> shards, Func<TenantId, RetentionPolicy> policies, TimeProvider time, ILogger logger)
    {
        _shards = shards;
        _policies = policies;
        _time = time;
        _clock = new SteadyClock(time);
        _logger = logger;
    }

    /// <summary>What the newest pass did; null before the first.</summary>
    public CompactionReport? Last { get; private set; }

    /// <summary>One pass over all shards.</summary>
    /// <param name="isThorough">True: drops every expired version now, also where a pass of the loop would wait for more of them.</param>
    /// <param name="bytesPerSecond">Bytes that may be copied per second; 0 = as fast as it goes.</param>
    /// <param name="progress">Told about memories and segments, shard by shard.</param>
    /// <param name="cancellationToken">Ends between two records; what was done stays done.</param>
    /// <exception cref="LatentDbException">store_full, store_unavailable, stale_owner.</exception>
    public async Task<CompactionReport> CompactAsync(bool isThorough, long bytesPerSecond, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            long started = _time.GetTimestamp();
            using Activity? span = StoreMetrics.Source.StartActivity("store.compaction");
            CompactionReport report = CompactionReport.Empty;
            ShardSet set = _shards();
            foreach (Shard shard in set.Shards)
            {
                var compactor = new ShardCompactor(shard, _policies, new Throttle(bytesPerSecond, _time), _clock, _logger);
                try
                {
                    report += await compactor.RunAsync(_passes, isThorough, progress, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception e) when (!shard.Ownership.IsHeld && e is LatentDbException or ObjectDisposedException)
                {
                    // Handed over while it was looked at: the pass of its next owner goes on with it.
                    LogHandedOver(_logger, shard.Id);
                }
            }

            StoreMetrics.Compacted(_time.GetElapsedTime(started), report.FreedBytes, report.CopiedBytes, report.VersionsDropped);
            _passes++;
            Last = report;
            return report;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Passes with a pause between them, until it is cancelled. A failed pass is logged, and the next one tries again.</summary>
    internal async Task LoopAsync(TimeSpan pause, long bytesPerSecond, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
            try
            {
                CompactionReport report = await CompactAsync(isThorough: false, bytesPerSecond, progress: null, cancellationToken).ConfigureAwait(false);
                if (report.SegmentsDeleted + report.VersionsDropped > 0) LogPass(_logger, report.VersionsDropped, report.SegmentsDeleted, report.FreedBytes, report.CopiedBytes);
            }
#pragma warning disable CA1031 // A background loop: whatever a pass met, traffic goes on and the next pass begins anew.
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogFailed(_logger, e);
            }
        }
    }

    public void Dispose() => _gate.Dispose();

    [LoggerMessage(EventId = 112, Level = LogLevel.Information, Message = "Compaction dropped {Versions} versions and {Segments} segments, freed {Freed} bytes and copied {Copied}.")]
    private static partial void LogPass(ILogger logger, long versions, long segments, long freed, long copied);

    [LoggerMessage(EventId = 115, Level = LogLevel.Debug, Message = "{Shard} was handed over during a pass of compaction.")]
    private static partial void LogHandedOver(ILogger logger, ShardId shard);

    [LoggerMessage(EventId = 113, Level = LogLevel.Warning, Message = "A pass of compaction failed; the next one tries again.")]
    private static partial void LogFailed(ILogger logger, Exception cause);
}
