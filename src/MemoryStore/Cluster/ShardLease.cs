using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Cluster;

/// <summary>
/// The right to write a shard for a while. It is renewed behind the scenes; when that fails it ends by the holder's own monotonic clock, counted from
/// before the last renewal was sent, so that the holder knows of its end before anybody else may act on it.
/// </summary>
public abstract class ShardLease : IAsyncDisposable
{
    /// <summary>What is leased.</summary>
    public abstract ShardId Shard { get; }

    /// <summary>Grows with each holder.</summary>
    public abstract long Term { get; }

    /// <summary>False once its time is over, and never true again. Costs a look at a clock: asked after every commit, before anybody is told.</summary>
    public abstract bool IsHeld { get; }

    /// <summary>Cancelled when it is lost, not when it is released.</summary>
    public abstract CancellationToken Lost { get; }

    /// <summary>Gives it back at once, so that the next holder need not wait for its end. Call it when nothing can be written any more.</summary>
    public abstract ValueTask DisposeAsync();
}
