using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Cluster;

/// <summary>Who may open which shard. The authority is outside the process: a table of the cluster's database, or a lock file on one machine.</summary>
public interface IShardLeases
{
    /// <summary>Takes the lease of a shard, if nobody holds it or its holder's time is over. Null = somebody holds it.</summary>
    /// <exception cref="Errors.LatentDbException">store_unavailable when the authority cannot be asked.</exception>
    ValueTask<ShardLease?> TryAcquireAsync(ShardId shard, CancellationToken cancellationToken);
}
