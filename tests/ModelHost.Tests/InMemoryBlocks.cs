using System.Collections.Concurrent;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.ModelHost.Tests;

/// <summary>Blocks in memory, with a count of reads and an optional failure: the store's double for tests of the model host.</summary>
internal sealed class InMemoryBlocks : IBlockSource, IBlockSink
{
    private static long _stores;

    // Blocks of different stores must differ in name, as they do in life: the pager keeps slices by name only.
    private readonly MemoryUid _owner = new((UInt128)Interlocked.Increment(ref _stores));
    private readonly ConcurrentDictionary<SliceAddress, BlockSlice> _slices = new();
    private long _next;
    private int _reads;

    public int Reads => Volatile.Read(ref _reads);

    public long Bytes => _slices.Values.Sum(s => s.TensorBytes);

    /// <summary>Runs before each read; may wait or throw.</summary>
    public Func<SliceAddress, ValueTask> BeforeRead { get; set; } = _ => ValueTask.CompletedTask;

    public BlockId NextBlock() => new(_owner, Interlocked.Increment(ref _next));

    public ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BlockSlice copy = slice with { Tensors = [.. slice.Tensors.Select(t => new SliceTensor(t.Column, t.Type, t.Rows, t.Width, t.Bytes.ToArray()))] };
        if (!_slices.TryAdd(slice.Address, copy)) throw new InvalidOperationException($"Slice {slice.Address} was written twice.");
        return ValueTask.CompletedTask;
    }

    /// <summary>All slices of a block.</summary>
    public BlockSlice[] SlicesOf(BlockId block) => [.. _slices.Values.Where(s => s.Address.Block == block).OrderBy(s => s.Address.Layer).ThenBy(s => s.Address.Part)];

    public async ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        await BeforeRead(address);
        return _slices[address];
    }
}
