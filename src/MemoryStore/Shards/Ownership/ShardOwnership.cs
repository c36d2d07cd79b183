using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Replication.Mirrors;

namespace LatentDb.MemoryStore.Shards.Ownership;

/// <summary>Whether this process may still speak for a shard: while it has the lease, if there is one, and until it gives the shard up.</summary>
/// <param name="shard">Which one.</param>
/// <param name="lease">The right to it; null = the lock file is right enough, because no other process can have the shard while this one lives.</param>
/// <param name="mirror">Its copies; null = there are none.</param>
internal sealed class ShardOwnership(ShardId shard, ShardLease? lease, ShardMirror? mirror = null)
{
    private volatile bool _isGivenUp;

    /// <summary>
    /// False once it is over, and never true again. What is read before this is true cannot have been overtaken by another owner: nobody acknowledges
    /// anything before the lease has ended by this process's own clock.
    /// </summary>
    public bool IsHeld => !_isGivenUp && IsLeased;

    /// <summary>As long as it is true, commits that were under way when the shard was given up may be acknowledged.</summary>
    public bool IsLeased => lease?.IsHeld ?? true;

    /// <summary>From now on every call is sent elsewhere.</summary>
    public void GiveUp() => _isGivenUp = true;

    /// <summary>Another owner was seen: with a lease that is the end, also if the lease does not know yet. Without one the old object goes on reading until it is opened again.</summary>
    public void Lose()
    {
        if (lease is not null) GiveUp();
    }

    /// <exception cref="LatentDbException">not_owner: nothing was done.</exception>
    public void Require()
    {
        if (!IsHeld) throw NotOwner(shard);
    }

    /// <summary>Asked before a write begins.</summary>
    /// <exception cref="LatentDbException">not_owner, not_enough_copies: nothing was done.</exception>
    public void RequireWritable()
    {
        Require();
        mirror?.RequireEnough();
    }

    public static LatentDbException NotOwner(ShardId shard) =>
        new(ErrorCode.NotOwner, $"This server does not have {shard}; another one has it or is about to take it.") { RetryAfter = StoreLimits.OwnerRetryAfter };
}
