using LatentDb.MemoryStore.Blocks;

namespace LatentDb.ModelHost.Hosting;

/// <summary>
/// Blocks as one inject sees them: the slices that it staged itself, which no version names yet and no store need serve, and behind them the
/// store. Only the newest block can be asked for again, so only its hidden slices are kept.
/// </summary>
internal sealed class StagedSource(IBlockSource store) : IBlockSource
{
    private readonly Dictionary<int, BlockSlice> _newestHidden = [];

    public void Keep(BlockSlice slice)
    {
        if (slice.Address.Part == SlicePart.Hidden) _newestHidden[slice.Address.Layer] = slice;
    }

    public ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken) => ReadAsync(address, new SliceBuffer(), cancellationToken);

    public ValueTask<BlockSlice> ReadAsync(SliceAddress address, SliceBuffer buffer, CancellationToken cancellationToken) =>
        _newestHidden.TryGetValue(address.Layer, out BlockSlice? slice) && slice.Address == address
            ? ValueTask.FromResult(slice)
            : store.ReadAsync(address, buffer, cancellationToken);

    public ValueTask AnnounceAsync(SliceAddress address, CancellationToken cancellationToken) => store.AnnounceAsync(address, cancellationToken);
}
