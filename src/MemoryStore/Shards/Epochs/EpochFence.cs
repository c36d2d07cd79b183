using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Replication.Mirrors;
using LatentDb.MemoryStore.Shards.Ownership;

namespace LatentDb.MemoryStore.Shards.Epochs;

/// <summary>
/// Asked after every commit and before anything is acknowledged: has somebody raised the epoch meanwhile? The new owner raises it before it reads
/// the old one's commit records, so a commit that passes this check was seen by the new owner, and one that does not is not acknowledged.
/// </summary>
/// <param name="states">The shard's states.</param>
/// <param name="epoch">Whose commits are checked.</param>
/// <param name="ownership">Its lease.</param>
internal sealed class EpochFence(ShardStates states, Epoch epoch, ShardOwnership ownership)
{
    private long _number;

    /// <summary>The owner's own newest entry in the history of states.</summary>
    public long Number
    {
        get => Volatile.Read(ref _number);
        set => Volatile.Write(ref _number, value);
    }

    /// <summary>Where the shard is copied to; set when the opening is done, which promises nothing to anybody. Null = nowhere.</summary>
    public ShardMirror? Mirror { get; set; }

    /// <summary>The same once every copy that counts has what was written so far.</summary>
    /// <exception cref="LatentDbException">stale_owner, not_enough_copies, store_unavailable: the write may have been made, and whoever owns the shard knows it.</exception>
    public async ValueTask CheckAsync()
    {
        if (Mirror is ShardMirror mirror) await ConfirmedAsync(mirror).ConfigureAwait(false);
        RequireOurs();
    }

    /// <exception cref="LatentDbException">stale_owner, store_unavailable: the write may have been made, and whoever owns the shard knows it.</exception>
    public void RequireOurs()
    {
        if (NewestNumber() != Number)
        {
            ownership.Lose();
            throw new LatentDbException(ErrorCode.StaleOwner, $"Epoch {epoch} was followed by another one: another owner has this shard.");
        }

        // Last, so that nothing is told after the lease has ended by this process's own clock.
        if (!ownership.IsLeased) throw new LatentDbException(ErrorCode.StaleOwner, $"The lease of the shard ended while epoch {epoch} wrote; its next owner knows what became of it.");
    }

    private long NewestNumber()
    {
        try
        {
            return states.NewestNumber();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LatentDbException(
                ErrorCode.StoreUnavailable, $"Whether epoch {epoch} still owns the shard cannot be told: the disk answers with error {e.HResult & 0xffff}.", e);
        }
    }

    private async ValueTask ConfirmedAsync(ShardMirror mirror)
    {
        try
        {
            await mirror.ConfirmedAsync().ConfigureAwait(false);
        }
        catch (LatentDbException e) when (e.Code == ErrorCode.StaleOwner)
        {
            ownership.Lose();
            throw;
        }
    }
}
