using System.Collections.Concurrent;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.VsPyTorch.Memories;

/// <summary>
/// Blocks in memory. The checkpoint's own rows are cut while they are written: rows 0 to N-1 stay the genesis block, every K rows of its bank
/// become a block as an inject writes it, so that a memory of any age can be put together without computing hundreds of injects.
/// </summary>
internal sealed class RowBlocks(int poolRows, int rowsPerWrite) : IBlockSource, IBlockSink
{
    private static long _stores;

    private readonly MemoryUid _owner = new((UInt128)Interlocked.Increment(ref _stores));
    private readonly ConcurrentDictionary<SliceAddress, BlockSlice> _slices = new();
    private long _next;

    /// <summary>The checkpoint's pool; the model host asked for it first.</summary>
    public BlockId Genesis => new(_owner, 1);

    /// <summary>K.</summary>
    public int RowsPerWrite => rowsPerWrite;

    /// <summary>Blocks of the checkpoint's bank.</summary>
    public int Count { get; private set; }

    /// <summary>The block of bank rows [K x index, K x (index + 1)).</summary>
    public BlockId this[int index] => new(_owner, CutFrom(index));

    public BlockId NextBlock() => new(_owner, Interlocked.Increment(ref _next));

    public ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken)
    {
        if (slice.Kind == BlockKind.Genesis) Cut(slice);
        else _slices[slice.Address] = slice;
        return ValueTask.CompletedTask;
    }

    public ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken) => ValueTask.FromResult(_slices[address]);

    /// <summary>What an inject left behind, to be looked at: the slices of its block.</summary>
    public BlockSlice Hidden(BlockId block, int layer) => _slices[new SliceAddress(block, layer, SlicePart.Hidden)];

    /// <summary>Drops the slices of a block that no memory names.</summary>
    public void Forget(BlockId block)
    {
        foreach (SliceAddress address in _slices.Keys.Where(a => a.Block == block)) _slices.TryRemove(address, out _);
    }

    /// <summary>Far above the numbers that injects take.</summary>
    private static long CutFrom(int index) => (1L << 32) + index;

    private void Cut(BlockSlice slice)
    {
        _slices[slice.Address] = slice with { Tensors = [.. slice.Tensors.Select(t => Rows(t, 0, poolRows))] };
        Count = (slice.Tensors[0].Rows - poolRows) / rowsPerWrite;
        for (int index = 0; index < Count; index++)
        {
            int first = poolRows + (index * rowsPerWrite);
            _slices[slice.Address with { Block = this[index] }] = new BlockSlice(
                slice.Address with { Block = this[index] },
                BlockKind.MemoryRows,
                [.. slice.Tensors.Where(t => t.Column != SliceColumn.Age).Select(t => Rows(t, first, rowsPerWrite))]);
        }
    }

    private static SliceTensor Rows(SliceTensor tensor, int first, int count)
    {
        int rowBytes = tensor.Bytes.Length / tensor.Rows;
        return new SliceTensor(tensor.Column, tensor.Type, count, tensor.Width, tensor.Bytes.Slice(first * rowBytes, count * rowBytes).ToArray());
    }
}
