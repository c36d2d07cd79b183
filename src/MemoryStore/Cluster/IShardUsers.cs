using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Cluster;

/// <summary>Whoever runs turns of memories: told before a shard is handed over, so that what has begun ends here and what comes later goes elsewhere.</summary>
public interface IShardUsers
{
    /// <summary>The shard is open here: turns of its memories may begin.</summary>
    void Enter(ShardId shard);

    /// <summary>Begins no more turns of the shard's memories (they are not_owner), and returns when those that run have ended.</summary>
    /// <param name="shard">Which one.</param>
    /// <param name="cancellationToken">Ends the wait: turns that still run will find their commit refused.</param>
    ValueTask LeaveAsync(ShardId shard, CancellationToken cancellationToken);
}
