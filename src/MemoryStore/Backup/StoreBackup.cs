using System.Collections.Concurrent;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Telemetry;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Backup;

/// <summary>Brings the shards that are open here to a second place, pass after pass, beside the traffic.</summary>
internal sealed partial class StoreBackup(Func<ShardSet> shards, BackupPlaces places, BackupSettings settings, ILogger logger)
{
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMinutes(1);

    // Timestamps, because the wall clock may jump back and must not keep the next backup waiting until it is there again.
    private readonly ConcurrentDictionary<ShardId, long> _newest = new();
    private readonly Dictionary<ShardId, long> _triedAt = [];
    private readonly long _begun = settings.Time.GetTimestamp();

    /// <summary>Seconds since the point of the shard whose newest one is the oldest; 0 when no shard is open here.</summary>
    public double AgeSeconds()
    {
        try
        {
            return shards().Shards.Select(shard => settings.Time.GetElapsedTime(_newest.GetValueOrDefault(shard.Id, _begun)).TotalSeconds).DefaultIfEmpty(0).Max();
        }
        catch (LatentDbException)
        {
            // Closed.
            return 0;
        }
    }

    /// <summary>One pass over all open shards; what hinders one does not hinder the others.</summary>
    /// <returns>Shards that could not be brought to safety.</returns>
    public Task<int> RunAsync(CancellationToken cancellationToken) => RunAsync(_ => true, cancellationToken);

    /// <summary>
    /// Passes over shards, each when its time has come, until it is cancelled. A shard that was just opened here is due at once: nobody knows when its last
    /// owner came to it.
    /// </summary>
    public async Task LoopAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await RunAsync(shard => IsDue(shard, pause), cancellationToken).ConfigureAwait(false);
            }
            catch (LatentDbException e) when (!cancellationToken.IsCancellationRequested)
            {
                LogClosed(logger, e.Message);
            }

            await Task.Delay(pause < LongestLook ? pause : LongestLook, settings.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private bool IsDue(ShardId shard, TimeSpan pause)
    {
        bool mayTry = !_triedAt.TryGetValue(shard, out long tried) || settings.Time.GetElapsedTime(tried) >= (pause < RetryPause ? pause : RetryPause);
        bool isDue = mayTry && (!_newest.TryGetValue(shard, out long newest) || settings.Time.GetElapsedTime(newest) >= pause);
        if (isDue) _triedAt[shard] = settings.Time.GetTimestamp();
        return isDue;
    }

    private async Task<int> RunAsync(Func<ShardId, bool> isDue, CancellationToken cancellationToken)
    {
        ShardSet set = shards();
        int failed = 0;
        foreach (Shard shard in set.Shards.Where(shard => isDue(shard.Id)))
        {
            try
            {
                long begun = settings.Time.GetTimestamp();
                BackupReport report = await new ShardBackup(shard, set.Count, places, settings).RunAsync(cancellationToken).ConfigureAwait(false);
                _newest[shard.Id] = begun;
                StoreMetrics.BackedUp(report.PutBytes, isOk: true);
                LogDone(logger, shard.Id, report.At, report.PutBytes, report.Bytes, report.Removed);
            }
#pragma warning disable CA1031 // Whatever hindered this shard, the others are brought to safety, and the next pass tries it again.
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                // Handed over, or opened again as another epoch, while it was copied: its next owner, or the next pass, begins anew.
                if (set.Find(shard.Id) != shard)
                {
                    LogHandedOver(logger, shard.Id);
                    continue;
                }

                failed++;
                StoreMetrics.BackedUp(0, isOk: false);
                LogFailed(logger, shard.Id, e);
            }
        }

        return failed;
    }

    [LoggerMessage(EventId = 180, Level = LogLevel.Information, Message = "Backed up {Shard} as of {At:O}: {Put} new of {All} bytes, {Removed} old objects removed.")]
    private static partial void LogDone(ILogger logger, ShardId shard, DateTimeOffset at, long put, long all, int removed);

    [LoggerMessage(EventId = 181, Level = LogLevel.Error, Message = "{Shard} could not be backed up; the next pass tries again.")]
    private static partial void LogFailed(ILogger logger, ShardId shard, Exception cause);

    [LoggerMessage(EventId = 183, Level = LogLevel.Debug, Message = "Nothing is backed up at this moment: {Why}")]
    private static partial void LogClosed(ILogger logger, string why);

    [LoggerMessage(EventId = 182, Level = LogLevel.Debug, Message = "{Shard} was handed over while it was backed up.")]
    private static partial void LogHandedOver(ILogger logger, ShardId shard);
}
