using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Paging;

/// <summary>
/// Brings the rows that a version refers to into the back end's memory and keeps them there while a pass uses them. Thread-safe; several pins of
/// one slice share one load.
/// </summary>
internal sealed class MemoryPager : IDisposable
{
    private readonly IComputeBackend _backend;
    private readonly SliceGeometry _geometry;
    private readonly PagerOptions _options;
    private readonly ResidentSet _resident;

    public MemoryPager(IComputeBackend backend, SliceGeometry geometry, PagerOptions options)
    {
        _backend = backend;
        _geometry = geometry;
        _options = options;
        _resident = new ResidentSet(options.ResidentBytes);
    }

    public long ResidentBytes => _resident.BookedBytes;

    public long OutstandingPins => _resident.OutstandingPins;

    /// <summary>Slices that left to make room for others, since the start.</summary>
    public long Evictions => _resident.Evictions;

    /// <summary>Pins what a query of <paramref name="manifest"/> reads: K, V and retrieval keys of its pool and bank.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">overloaded, data_damaged.</exception>
    public ValueTask<PinHandle> PinForReadAsync(Manifest manifest, IBlockSource source, CancellationToken cancellationToken) =>
        PinAsync(manifest, [.. Enumerable.Range(0, manifest.Layers.Length).Select(layer => ReadBlocks(manifest.Layers[layer]))], SlicePart.Read, source, cancellationToken);

    /// <summary>Pins what an inject on top of <paramref name="manifest"/> reads: the hidden rows of the newest <paramref name="rows"/> pool rows.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">overloaded, data_damaged.</exception>
    public ValueTask<PinHandle> PinForWriteAsync(Manifest manifest, int rows, IBlockSource source, CancellationToken cancellationToken) =>
        PinAsync(manifest, [.. manifest.Layers.Select(layer => NewestBlocks(layer, rows))], SlicePart.Hidden, source, cancellationToken);

    /// <summary>Makes a slice that was just written resident, so that the next query need not read it back. Does nothing when there is no room.</summary>
    public void Offer(BlockSlice slice)
    {
        SlicePart part = slice.Address.Part;
        int rows = slice.Tensors[0].Rows;
        ResidentEntry entry;
        bool mustLoad;
        try
        {
            entry = _resident.Pin(slice.Address, _geometry.ResidentBytes(part, rows), out mustLoad);
        }
        catch (MemoryStore.Errors.LatentDbException)
        {
            return; // The budget is taken by pinned rows; the slice will be read from the store when it is needed.
        }

        try
        {
            if (mustLoad) entry.Slice.SetResult(ResidentSlice.Decode(_backend, slice));
        }
        catch (Exception error)
        {
            Fail(entry, error);
            throw;
        }
        finally
        {
            _resident.Unpin(entry);
        }
    }

    /// <summary>Drops the rows that an erased memory wrote; what a running pass still reads goes when the pass ends.</summary>
    public void Forget(MemoryUid memory) => _resident.DropOwner(memory);

    public void Dispose() => _resident.Dispose();

    /// <summary>The fast path: no await when every slice is resident; else <see cref="PinSlowAsync"/> waits for the loads.</summary>
    private ValueTask<PinHandle> PinAsync(
        Manifest manifest, SortedSet<int>[] blocksOfLayer, SlicePart part, IBlockSource source, CancellationToken cancellationToken)
    {
        var handle = new PinHandle(_backend, _resident, manifest, part);
        List<ResidentEntry> missing = [];
        try
        {
            for (int layer = 0; layer < blocksOfLayer.Length; layer++)
            {
                foreach (int block in blocksOfLayer[layer])
                {
                    ManifestBlock named = manifest.Blocks[block];
                    var address = new SliceAddress(named.Id, layer, part);
                    ResidentEntry entry = _resident.Pin(address, _geometry.ResidentBytes(part, named.Rows), out bool mustLoad);
                    handle.Add(layer, block, entry, mustLoad);
                    if (mustLoad) missing.Add(entry);
                }
            }

            return missing.Count == 0 && handle.TryResolve() ? ValueTask.FromResult(handle) : PinSlowAsync(handle, missing, source, cancellationToken);
        }
        catch (Exception error)
        {
            foreach (ResidentEntry entry in missing) Fail(entry, error); // Booked here, so nobody else would load them.
            handle.Dispose();
            throw;
        }
    }

    private async ValueTask<PinHandle> PinSlowAsync(PinHandle handle, List<ResidentEntry> missing, IBlockSource source, CancellationToken cancellationToken)
    {
        try
        {
            // Not cancelled by the caller: other pins may be waiting for the same loads, and each is one short read.
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = _options.ConcurrentLoads };
            await Parallel.ForEachAsync(missing, parallel, (entry, _) => LoadAsync(entry, source)).ConfigureAwait(false);
            await handle.ResolveAsync(cancellationToken).ConfigureAwait(false);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Never throws: a failure goes to everybody who pinned the entry.</summary>
    private async ValueTask LoadAsync(ResidentEntry entry, IBlockSource source)
    {
        try
        {
            BlockSlice slice = await source.ReadAsync(entry.Address, CancellationToken.None).ConfigureAwait(false);
            entry.Slice.SetResult(ResidentSlice.Decode(_backend, slice));
        }
#pragma warning disable CA1031 // Whatever went wrong is rethrown by each pin that waits for this slice.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Fail(entry, error);
        }
    }

    private void Fail(ResidentEntry entry, Exception error)
    {
        _resident.Forget(entry);
        entry.Slice.SetException(error);
        _ = entry.Slice.Task.Exception; // Observed: whoever pinned it gets the error, and nobody may have.
    }

    private static SortedSet<int> ReadBlocks(LayerRows rows)
    {
        SortedSet<int> blocks = [];
        foreach (RowRun run in rows.Pool) blocks.Add(run.Block);
        foreach (BankRun run in rows.Bank) blocks.Add(run.Block);
        return blocks;
    }

    private static SortedSet<int> NewestBlocks(LayerRows layer, int rows)
    {
        SortedSet<int> blocks = [];
        for (int i = layer.Pool.Length - 1; i >= 0 && rows > 0; i--)
        {
            blocks.Add(layer.Pool[i].Block);
            rows -= layer.Pool[i].Count;
        }

        return blocks;
    }
}
