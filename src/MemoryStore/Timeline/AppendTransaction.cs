using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Staging;

namespace LatentDb.MemoryStore.Timeline;

/// <summary>
/// The blocks of one inject on their way to a version: a sink for the model, then an argument of <see cref="MemoryTimeline.AppendAsync"/>.
/// Disposed without a commit, its slices stay unreachable.
/// </summary>
/// <remarks>Thread-safe: layers may be staged in parallel.</remarks>
public sealed class AppendTransaction : IBlockSink, IAsyncDisposable
{
    private readonly BlockStaging _staging;

    internal AppendTransaction(Shard shard, MemoryUid owner, Func<long> nextBlock) => _staging = new BlockStaging(shard, owner, nextBlock);

    /// <inheritdoc/>
    public BlockId NextBlock() => _staging.NextBlock();

    /// <inheritdoc/>
    public ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken) => _staging.StageAsync(slice, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _staging.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <exception cref="ArgumentException">One of them was not staged here.</exception>
    internal ImmutableArray<StoredBlock> ToBlocks(IEnumerable<BlockId> named) => _staging.ToBlocks(named);
}
