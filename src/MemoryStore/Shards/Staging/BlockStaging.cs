using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Shards.Staging;

/// <summary>New blocks on their way to a version: reserved, keyed, staged slice by slice, readable, and named by nobody. Thread-safe.</summary>
internal sealed class BlockStaging(Shard shard, MemoryUid owner, Func<long> nextBlock) : IBlockSink, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<BlockId, StagedBlock> _blocks = [];
    private readonly IDisposable _held = shard.Stagings.Begin(shard.ManifestLog.TailAddress, shard.BlockLog.TailAddress);
    private bool _isEnded;

    /// <inheritdoc/>
    public BlockId NextBlock()
    {
        var id = new BlockId(owner, nextBlock());
        lock (_lock) _blocks.Add(id, new StagedBlock(DataKey.Random(), []));
        return id;
    }

    /// <inheritdoc/>
    public async ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(slice);
        cancellationToken.ThrowIfCancellationRequested();
        DataKey key = KeyOf(slice.Address.Block);
        shard.Space?.Require(slice.Tensors.Sum(tensor => (long)tensor.Bytes.Length));
        StoredSlice stored = await shard.Writer.StageSliceAsync(owner, slice, key).ConfigureAwait(false);
        Remember(slice.Address, stored);
    }

    /// <summary>The staged blocks in the order of their sequence, slices in the order of layer and part.</summary>
    /// <param name="named">The blocks that the version will name.</param>
    /// <exception cref="ArgumentException">One of them was not staged here.</exception>
    public ImmutableArray<StoredBlock> ToBlocks(IEnumerable<BlockId> named)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isEnded, this);
            var blocks = ImmutableArray.CreateBuilder<StoredBlock>();
            foreach (BlockId id in named.OrderBy(b => b.Sequence))
            {
                if (!_blocks.TryGetValue(id, out StagedBlock? block) || block.Slices.Count == 0) throw new ArgumentException($"Block {id} was not staged here.", nameof(named));
                blocks.Add(new StoredBlock(id, BytesOf(block.Key), [.. block.Slices.OrderBy(s => s.Layer).ThenBy(s => s.Part)]));
            }

            return blocks.ToImmutable();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isEnded = true;
            foreach ((BlockId id, StagedBlock block) in _blocks)
            {
                foreach (StoredSlice slice in block.Slices) shard.Index.Blocks.Unstage(new SliceAddress(id, slice.Layer, slice.Part));
                block.Key.Dispose();
            }

            _blocks.Clear();
        }

        _held.Dispose();
    }

    private DataKey KeyOf(BlockId id)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isEnded, this);
            return _blocks.TryGetValue(id, out StagedBlock? block) ? block.Key : throw new ArgumentException($"Block {id} was not reserved here.", nameof(id));
        }
    }

    private void Remember(SliceAddress address, StoredSlice slice)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isEnded, this);
            StagedBlock block = _blocks[address.Block];
            if (!shard.Index.Blocks.TryStage(address, new StagedSlice(slice, BytesOf(block.Key)))) throw new LatentDbException(ErrorCode.Internal, $"Slice {address} was staged twice.");
            block.Slices.Add(slice);
        }
    }

    private static ImmutableArray<byte> BytesOf(DataKey key)
    {
        byte[] bytes = new byte[DataKey.Bytes];
        key.CopyTo(bytes);
        return [.. bytes];
    }

    private sealed record StagedBlock(DataKey Key, List<StoredSlice> Slices);
}
