using System.Collections.Concurrent;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Index;

/// <summary>Where each slice stands: those of committed blocks, and those that a running transaction has staged.</summary>
internal sealed class BlockIndex
{
    private readonly ConcurrentDictionary<BlockId, StoredBlock> _committed = new();
    private readonly ConcurrentDictionary<SliceAddress, StoredSlice> _staged = new();

    public void Add(StoredBlock block) => _committed[block.Id] = block;

    public void Remove(StoredBlock block) => _committed.TryRemove(block.Id, out _);

    public bool TryStage(SliceAddress address, StoredSlice slice) => _staged.TryAdd(address, slice);

    public void Unstage(SliceAddress address) => _staged.TryRemove(address, out _);

    public StoredSlice? Find(SliceAddress address)
    {
        if (_committed.TryGetValue(address.Block, out StoredBlock? block))
        {
            foreach (StoredSlice slice in block.Slices)
            {
                if (slice.Layer == address.Layer && slice.Part == address.Part) return slice;
            }
        }

        return _staged.GetValueOrDefault(address);
    }
}
