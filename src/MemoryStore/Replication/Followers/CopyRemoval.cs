using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Replication.Followers;

/// <summary>
/// Removes what this silo has of shards whose copies are elsewhere now: after a rebalance it would lie here for ever, with keys of memories that are erased
/// meanwhile. Not thread-safe: one pass after the other.
/// </summary>
/// <remarks>
/// A copy goes when all of this has been so for <see cref="ReplicationLimits.KeepUnwanted"/>: the plan does not want it here, the set in the database does not
/// name this silo, and it names as many others as there should be. So it is never the last one, and never one that may be promoted. Should an owner add this silo to the
/// set at the same moment, it finds the link broken and the copy not whole, takes it out and fills it.
/// </remarks>
internal sealed partial class CopyRemoval(ReplicationHost host, int shards)
{
    private readonly Dictionary<ShardId, long> _unwantedSince = [];

    /// <summary>One pass after the other, until it is cancelled.</summary>
    public async Task LoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(cancellationToken).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A background loop: whatever hindered this pass, a later one removes what nobody wants.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (!cancellationToken.IsCancellationRequested) LogFailed(host.Logger, e);
            }

            await Task.Delay(ReplicationLimits.RemovalPause, host.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One pass over all shards.</summary>
    /// <returns>Copies that were removed.</returns>
    /// <exception cref="LatentDbException">store_unavailable, data_damaged.</exception>
    /// <exception cref="IOException">A copy could not be removed.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        int removed = 0;
        for (int i = 0; i < shards; i++)
        {
            var shard = new ShardId(i);
            ReplicaFolder folder = host.Folders.Of(shard);
            if (!await IsUnwantedAsync(shard, folder, cancellationToken).ConfigureAwait(false))
            {
                _unwantedSince.Remove(shard);
                continue;
            }

            if (_unwantedSince.TryAdd(shard, host.Time.GetTimestamp()) || host.Time.GetElapsedTime(_unwantedSince[shard]) < ReplicationLimits.KeepUnwanted) continue;
            if (!folder.TryDiscard()) continue;
            removed++;
            LogRemoved(host.Logger, shard);
        }

        return removed;
    }

    private async Task<bool> IsUnwantedAsync(ShardId shard, ReplicaFolder folder, CancellationToken cancellationToken)
    {
        if (host.MayWantHere(shard) || folder.IsEmpty) return false;
        CopySet? set = await host.Sets.ReadAsync(shard, cancellationToken).ConfigureAwait(false);
        return set is { IsOfFolder: false } && set.Members.Length >= host.Options.Copies && !set.Members.Contains(host.Self, StringComparer.Ordinal);
    }

    [LoggerMessage(EventId = 187, Level = LogLevel.Information, Message = "What this silo had of {Shard} is removed: its copies are elsewhere.")]
    private static partial void LogRemoved(ILogger logger, ShardId shard);

    [LoggerMessage(EventId = 188, Level = LogLevel.Warning, Message = "Copies that nobody wants could not be looked for or removed; this is tried again.")]
    private static partial void LogFailed(ILogger logger, Exception cause);
}
