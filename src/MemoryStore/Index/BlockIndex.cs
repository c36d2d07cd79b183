using System.Collections.Concurrent;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Index;

/// <summary>Slices that are found without a memory's entry: those of the models' genesis, and those that a running transaction has staged.</summary>
internal sealed class BlockIndex
{
    private readonly ConcurrentDictionary<BlockId, StoredBlock> _genesis = new();
    private readonly ConcurrentDictionary<SliceAddress, StagedSlice> _staged = new();

    /// <summary>Adds a genesis block, or replaces it by one that stands elsewhere.</summary>
    public void Add(StoredBlock block) => _genesis[block.Id] = block;

    public bool TryStage(SliceAddress address, StagedSlice slice) => _staged.TryAdd(address, slice);

    public void Unstage(SliceAddress address) => _staged.TryRemove(address, out _);

    public StagedSlice? Find(SliceAddress address)
    {
        if (!_genesis.TryGetValue(address.Block, out StoredBlock? block)) return _staged.GetValueOrDefault(address);
        StoredSlice? slice = block.Find(address.Layer, address.Part);
        return slice is null ? null : new StagedSlice(slice, block.Key);
    }

    public bool IsGenesis(BlockId block) => _genesis.ContainsKey(block);
}

/// <summary>A slice with the key of its block.</summary>
internal sealed record StagedSlice(StoredSlice Slice, ImmutableArray<byte> Key);
