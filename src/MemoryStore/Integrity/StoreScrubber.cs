using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Telemetry;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Integrity;

/// <summary>Reads everything that the store has on disk and compares it with what was written, beside the traffic. Changes nothing.</summary>
/// <remarks>One scrub runs at a time; a second one waits. Damage is reported, never thrown.</remarks>
public sealed partial class StoreScrubber : IDisposable
{
    private readonly Func<ShardSet> _shards;
    private readonly long _bytesPerSecond;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1, 1);

    internal StoreScrubber(Func<ShardSet> shards, long bytesPerSecond, TimeProvider time, ILogger logger)
    {
        _shards = shards;
        _bytesPerSecond = bytesPerSecond;
        _time = time;
        _logger = logger;
    }

    /// <summary>What the newest whole scrub found; null before the first.</summary>
    public ScrubReport? Last { get; private set; }

    /// <summary>Checks all shards, or one memory: its state, every version, every slice.</summary>
    /// <param name="memory">One memory; null = everything.</param>
    /// <param name="progress">Told about logs, then about memories, shard by shard.</param>
    /// <param name="cancellationToken">Ends between two records; nothing is reported then.</param>
    /// <exception cref="LatentDbException">memory_not_found; shutting_down when the store is closed meanwhile.</exception>
    public async Task<ScrubReport> ScrubAsync(MemoryKey? memory, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            long started = _time.GetTimestamp();
            var findings = new ScrubFindings();
            if (memory is MemoryKey key) await ScrubOneAsync(key, findings, cancellationToken).ConfigureAwait(false);
            else await ScrubAllAsync(findings, progress, cancellationToken).ConfigureAwait(false);
            ScrubReport report = findings.ToReport(_time.GetElapsedTime(started).TotalSeconds);
            if (memory is null) Last = report;
            Log(report);
            return report;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private async Task ScrubOneAsync(MemoryKey key, ScrubFindings findings, CancellationToken cancellationToken)
    {
        Shard shard = _shards().ShardOf(key);
        MemoryRef memory = shard.Index.Directory.Find(key) ?? throw new LatentDbException(ErrorCode.MemoryNotFound, $"Memory {key} does not exist.");
        await new MemoryScrub(shard, findings, NewThrottle()).RunAsync(memory, cancellationToken).ConfigureAwait(false);
    }

    private async Task ScrubAllAsync(ScrubFindings findings, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        ShardSet set = _shards();
        Throttle throttle = NewThrottle();
        foreach ((string file, string message) in set.CheckFiles())
        {
            findings.Add(new StoreDamage(DamageKind.StateFile, Places.InFile(null, null, null, file), message, []) { KeepsShardFromOpening = true });
        }

        for (int i = 0; i < set.Count; i++) await ScrubShardAsync(set, new ShardId(i), findings, throttle, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A shard that was opened again while it was scrubbed has left the old epoch's files: what was found there does not count. One that another silo has is that one's to scrub.</summary>
    private static async Task ScrubShardAsync(
        ShardSet set, ShardId number, ScrubFindings findings, Throttle throttle, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < IntegrityLimits.OpenedAgainAttempts; attempt++)
        {
            if (set.Find(number) is not Shard shard) return;
            var found = new ScrubFindings();
            try
            {
                var scrub = new ShardScrub(shard, found, throttle);
                await scrub.RunAsync(progress, cancellationToken).ConfigureAwait(false);
                await ScrubMemoriesAsync(shard, found, throttle, progress, cancellationToken).ConfigureAwait(false);
                await scrub.CheckUsageAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (set.Find(number) != shard && e is ObjectDisposedException or LatentDbException)
            {
                continue;
            }

            if (set.Find(number) != shard) continue;
            findings.Add(found);
            return;
        }

        findings.Skip($"{number}: it was opened again each time while it was checked.");
    }

    private static async Task ScrubMemoriesAsync(
        Shard shard, ScrubFindings findings, Throttle throttle, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        var scrub = new MemoryScrub(shard, findings, throttle);
        System.Collections.Immutable.ImmutableArray<MemoryRef> all = shard.Index.Directory.All();
        foreach ((int index, MemoryRef memory) in all.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            await scrub.RunAsync(memory, cancellationToken).ConfigureAwait(false);
            progress?.Report(new StoreProgress("memories", index + 1, all.Length));
        }
    }

    private Throttle NewThrottle() => new(_bytesPerSecond, _time);

    private void Log(ScrubReport report)
    {
        StoreMetrics.DamageFound("scrub", report.DamageCount);
        foreach (StoreDamage damage in report.Damages) LogDamage(_logger, damage.Kind, damage.Message, string.Join(" and ", damage.Needs));
        LogDone(_logger, report.Totals.Memories, report.Totals.Bytes, report.Seconds, report.DamageCount);
    }

    [LoggerMessage(EventId = 160, Level = LogLevel.Error, Message = "Scrub found {Kind} damage: {What} Needed by: {Needs}.")]
    private static partial void LogDamage(ILogger logger, DamageKind kind, string what, string needs);

    [LoggerMessage(EventId = 161, Level = LogLevel.Information, Message = "Scrub checked {Memories} memories, {Bytes} bytes in {Seconds:0.0} s and found {Damages} damages.")]
    private static partial void LogDone(ILogger logger, long memories, long bytes, double seconds, long damages);
}
