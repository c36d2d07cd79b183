using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Timeline;

/// <summary>
/// The blocks of one inject on their way to a version: a sink for the model, then an argument of <see cref="MemoryTimeline.AppendAsync"/>.
/// Disposed without a commit, its slices stay unreachable.
/// </summary>
public sealed class AppendTransaction : IBlockSink, IAsyncDisposable
{
    /// <inheritdoc/>
    public BlockId NextBlock() => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
