using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Cluster;

/// <summary>Which silos have a copy of a shard that may be promoted; kept where the leases are, and changed by the lease's holder alone.</summary>
public interface ICopySets
{
    /// <summary>The set as it is now; null when the shard was never leased.</summary>
    /// <exception cref="Errors.LatentDbException">store_unavailable.</exception>
    ValueTask<CopySet?> ReadAsync(ShardId shard, CancellationToken cancellationToken);

    /// <summary>Changes the set, if nobody has changed it since, and nobody has taken the lease since.</summary>
    /// <param name="shard">Whose.</param>
    /// <param name="before">What the change was decided upon.</param>
    /// <param name="members">Names of silos.</param>
    /// <param name="cancellationToken">Leaves it unknown whether it was changed.</param>
    /// <returns>The set afterwards; null when it was not changed.</returns>
    /// <exception cref="Errors.LatentDbException">store_unavailable; whether it was changed is not known.</exception>
    ValueTask<CopySet?> TryChangeAsync(ShardId shard, CopySet before, ImmutableArray<string> members, CancellationToken cancellationToken);

    /// <summary>Takes this silo out of a set, because what it has is not whole; never the last one.</summary>
    /// <exception cref="Errors.LatentDbException">store_unavailable.</exception>
    ValueTask ResignAsync(ShardId shard, CancellationToken cancellationToken);
}

/// <param name="Members">Names of silos, in ordinal order; empty = the shard was never opened by one that keeps copies.</param>
/// <param name="Term">Of the newest lease of the shard.</param>
/// <param name="Revision">Grows with each change.</param>
public sealed record CopySet(ImmutableArray<string> Members, long Term, long Revision)
{
    /// <summary>
    /// True when the shard lies in a folder that was never copied: a shared one of before, or one that was restored. Whoever takes over must have it there,
    /// or would begin an empty shard.
    /// </summary>
    public bool IsOfFolder { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Members);
}
