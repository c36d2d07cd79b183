using System.Collections.Concurrent;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Telemetry;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// K and V of chosen bank rows, read from the blocks that hold them: for banks that are too large to be resident. Serves one layer at a time, as
/// <see cref="PinHandle"/> does. Takes host memory of the chosen rows, which is not of the budget, and so never waits for room while it holds some.
/// </summary>
internal sealed class BankFetch(IBlockSource source, HostTier host, SliceGeometry geometry, int concurrentReads, PagerTelemetry telemetry)
{
    private readonly ConcurrentBag<SliceBuffer> _buffers = [];
    private readonly int _columnBytes = geometry.KvWidth * geometry.RowType.Bytes();
    private byte[] _rows = [];

    /// <summary>Reads the rows; each block once.</summary>
    /// <param name="count">Places that rows may have.</param>
    /// <param name="wanted">The rows and their places.</param>
    /// <param name="cancellationToken">Looked at before every block.</param>
    /// <exception cref="LatentDbException">data_damaged, and whatever else the store meets.</exception>
    public async ValueTask FetchAsync(int count, IReadOnlyList<BankWish> wanted, CancellationToken cancellationToken)
    {
        int bytes = checked(2 * count * _columnBytes);
        if (_rows.Length < bytes) _rows = GC.AllocateUninitializedArray<byte>(bytes);
        IGrouping<SliceAddress, BankWish>[] blocks = [.. wanted.GroupBy(w => w.Slice)];
        foreach (IGrouping<SliceAddress, BankWish> block in blocks.Where(b => !host.Holds(b.Key))) await source.AnnounceAsync(block.Key, cancellationToken).ConfigureAwait(false);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = concurrentReads, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(blocks, parallel, ReadAsync).ConfigureAwait(false);
        telemetry.Fetched(wanted.Count);
    }

    /// <summary>K of the row at a place, as it is stored.</summary>
    public ReadOnlySpan<byte> KeyOf(int place) => _rows.AsSpan(2 * place * _columnBytes, _columnBytes);

    /// <summary>V of the row at a place, as it is stored.</summary>
    public ReadOnlySpan<byte> ValueOf(int place) => _rows.AsSpan(((2 * place) + 1) * _columnBytes, _columnBytes);

    private async ValueTask ReadAsync(IGrouping<SliceAddress, BankWish> block, CancellationToken cancellationToken)
    {
        if (!_buffers.TryTake(out SliceBuffer? buffer)) buffer = new SliceBuffer();
        BlockSlice slice = host.Find(block.Key) ?? await source.ReadAsync(block.Key, buffer, cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> keys = Column(slice, SliceColumn.Key);
        ReadOnlyMemory<byte> values = Column(slice, SliceColumn.Value);
        foreach (BankWish wish in block)
        {
            keys.Span.Slice(wish.Row * _columnBytes, _columnBytes).CopyTo(_rows.AsSpan(2 * wish.Place * _columnBytes));
            values.Span.Slice(wish.Row * _columnBytes, _columnBytes).CopyTo(_rows.AsSpan(((2 * wish.Place) + 1) * _columnBytes));
        }

        _buffers.Add(buffer);
    }

    private ReadOnlyMemory<byte> Column(BlockSlice slice, SliceColumn column) =>
        slice.Find(column) is { } tensor && tensor.Type == geometry.RowType && tensor.Width == geometry.KvWidth
            ? tensor.Bytes
            : throw new LatentDbException(ErrorCode.DataDamaged, $"Slice {slice.Address} has no {column} column of {geometry.KvWidth} {geometry.RowType}.");
}

/// <summary>A bank row that is to be read.</summary>
/// <param name="Place">Its place among the chosen ones.</param>
/// <param name="Slice">Where it stands.</param>
/// <param name="Row">Row of the block.</param>
internal readonly record struct BankWish(int Place, SliceAddress Slice, int Row);
