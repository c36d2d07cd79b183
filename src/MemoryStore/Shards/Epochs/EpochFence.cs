using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>
/// Asked after every commit and before anything is acknowledged: has somebody raised the epoch meanwhile? The new owner raises it before it reads
/// the old one's commit records, so a commit that passes this check was seen by the new owner, and one that does not is not acknowledged.
/// </summary>
internal sealed class EpochFence(ShardLayout layout, Epoch epoch)
{
    /// <exception cref="LatentDbException">stale_owner, or data_damaged when the state file cannot be read.</exception>
    public void Check()
    {
        Epoch raised = ShardState.Read(layout.Disk, layout.StatePath).Raised;
        if (raised == epoch) return;
        throw new LatentDbException(ErrorCode.StaleOwner, $"Epoch {epoch} was followed by epoch {raised}: another owner has this shard.");
    }
}
