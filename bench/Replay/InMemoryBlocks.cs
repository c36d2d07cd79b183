using System.Collections.Concurrent;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Replay;

/// <summary>The blocks of one replay, kept in memory: the pager cannot tell it from a shard.</summary>
internal sealed class InMemoryBlocks : IBlockSource, IBlockSink
{
    private readonly ConcurrentDictionary<SliceAddress, BlockSlice> _slices = new();
    private long _next;

    public BlockId NextBlock() => new(new MemoryUid(1), Interlocked.Increment(ref _next));

    public ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_slices.TryAdd(slice.Address, slice)) throw new InvalidOperationException($"Slice {slice.Address} was written twice.");
        return ValueTask.CompletedTask;
    }

    public ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_slices[address]);
    }
}
