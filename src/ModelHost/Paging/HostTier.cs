using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// Slices as they were read, in the machine's memory, for a device with memory of its own: what left the device comes back without disk, decryption and
/// checks. Whatever is read is kept; what was not read for longest leaves. Thread-safe.
/// </summary>
/// <param name="budgetBytes">Bytes of tensors; 0 = nothing is kept.</param>
internal sealed class HostTier(long budgetBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SliceAddress, LinkedListNode<BlockSlice>> _slices = [];
    private readonly LinkedList<BlockSlice> _byUse = []; // the one used last is the last
    private long _bytes;
    private long _hits;
    private long _misses;
    private long _evictedBytes;

    public HostCounts Counts
    {
        get
        {
            lock (_lock) return new HostCounts(_bytes, _slices.Count, _hits, _misses, _evictedBytes);
        }
    }

    /// <summary>The slice if it is kept; stays valid when it leaves. Counts a hit or a miss.</summary>
    public BlockSlice? Find(SliceAddress address)
    {
        if (budgetBytes == 0) return null;
        lock (_lock)
        {
            if (!_slices.TryGetValue(address, out LinkedListNode<BlockSlice>? node))
            {
                _misses++;
                return null;
            }

            _hits++;
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value;
        }
    }

    /// <summary>Whether the slice is kept; counts nothing.</summary>
    public bool Holds(SliceAddress address)
    {
        lock (_lock) return _slices.ContainsKey(address);
    }

    /// <summary>Keeps a copy of a slice, whose own bytes may be lent.</summary>
    public void Keep(BlockSlice slice)
    {
        long bytes = slice.TensorBytes;
        if (bytes > budgetBytes) return;
        BlockSlice copy = slice with { Tensors = [.. slice.Tensors.Select(tensor => new SliceTensor(tensor.Column, tensor.Type, tensor.Rows, tensor.Width, tensor.Bytes.ToArray()))] };
        lock (_lock)
        {
            if (_slices.ContainsKey(slice.Address)) return;
            while (_bytes + bytes > budgetBytes)
            {
                BlockSlice oldest = _byUse.First!.Value;
                _evictedBytes += oldest.TensorBytes;
                Remove(oldest.Address);
            }

            _slices.Add(slice.Address, _byUse.AddLast(copy));
            _bytes += bytes;
        }
    }

    /// <summary>Drops a slice, if it is kept.</summary>
    public void Drop(SliceAddress address)
    {
        lock (_lock) Remove(address);
    }

    /// <summary>Drops every slice that <paramref name="owner"/> wrote.</summary>
    public void DropOwner(MemoryUid owner)
    {
        lock (_lock)
        {
            foreach (SliceAddress address in _slices.Keys.Where(a => a.Block.Owner == owner).ToArray()) Remove(address);
        }
    }

    private void Remove(SliceAddress address)
    {
        if (!_slices.Remove(address, out LinkedListNode<BlockSlice>? node)) return;
        _byUse.Remove(node);
        _bytes -= node.Value.TensorBytes;
    }
}

/// <summary>The host tier at a moment.</summary>
/// <param name="Bytes">Kept.</param>
/// <param name="Slices">Kept.</param>
/// <param name="Hits">Slices that the device lacked and that were kept here, since the start.</param>
/// <param name="Misses">Slices that had to be read from the store.</param>
/// <param name="EvictedBytes">Bytes that left to make room.</param>
internal readonly record struct HostCounts(long Bytes, int Slices, long Hits, long Misses, long EvictedBytes);
