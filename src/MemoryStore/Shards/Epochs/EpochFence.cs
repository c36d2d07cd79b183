using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards.Ownership;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>
/// Asked after every commit and before anything is acknowledged: has somebody raised the epoch meanwhile? The new owner raises it before it reads
/// the old one's commit records, so a commit that passes this check was seen by the new owner, and one that does not is not acknowledged.
/// </summary>
internal sealed class EpochFence(ShardLayout layout, Epoch epoch, ShardOwnership ownership)
{
    /// <exception cref="LatentDbException">stale_owner, or data_damaged when the state file cannot be read.</exception>
    public void Check()
    {
        Epoch raised = ShardState.Read(layout.Disk, layout.StatePath).Raised;
        if (raised == epoch && ownership.IsLeased) return;
        if (raised == epoch) throw new LatentDbException(ErrorCode.StaleOwner, $"The lease of the shard ended while epoch {epoch} committed; whether another owner sees the write is not known here.");
        throw new LatentDbException(ErrorCode.StaleOwner, $"Epoch {epoch} was followed by epoch {raised}: another owner has this shard.");
    }
}
