using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Retrieval;

namespace LatentDb.ModelHost.Paging;

/// <summary>The rows of one version, pinned: what a pass reads from until the handle is disposed. Used by one pass at a time.</summary>
internal sealed class PinHandle : IMemoryRows, IDisposable
{
    private readonly IComputeBackend _backend;
    private readonly ResidentSet _resident;
    private readonly SliceGeometry _geometry;
    private readonly PinPlan _plan;
    private readonly Reservation _reservation;
    private readonly BankFetch _bank;
    private int _readyLayers; // All below it are ready: rows arrive in the order of layers, more or less.
    private bool _disposed;

    public PinHandle(IComputeBackend backend, ResidentSet resident, SliceGeometry geometry, PinPlan plan, Reservation reservation, BankFetch bank)
    {
        _backend = backend;
        _resident = resident;
        _geometry = geometry;
        _plan = plan;
        _reservation = reservation;
        _bank = bank;
    }

    public Manifest Manifest => _plan.Manifest;

    public ElementType RowType => _geometry.RowType;

    /// <summary>Slices that are pinned.</summary>
    public int Slices => _reservation.Entries.Length;

    /// <summary>Those that were not there when this pin came, so that it had to read them.</summary>
    public int Misses => _reservation.Missing.Count;

    /// <summary>Their bytes.</summary>
    public long MissedBytes => _reservation.MissingBytes;

    public bool IsReady(int layer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (layer < _readyLayers) return true;
        LayerPlan wanted = _plan.Layers[layer];
        for (int i = 0; i < wanted.Count; i++)
        {
            if (_reservation.Entries[wanted.First + i].Slice is null) return false;
        }

        if (layer == _readyLayers) _readyLayers++;
        return true;
    }

    public ValueTask WhenReadyAsync(int layer, CancellationToken cancellationToken) => IsReady(layer) ? ValueTask.CompletedTask : WaitForAsync(layer, cancellationToken);

    public void PoolSegments(int layer, int firstPosition, List<KeySegment> target)
    {
        ImmutableArray<RowRun> runs = Manifest.Layers[layer].Pool;
        int position = firstPosition;
        for (int i = 0; i < runs.Length; i++)
        {
            ResidentSlice slice = Slice(layer, _plan.Layers[layer].Pool[i]);
            target.Add(new KeySegment(Rows(slice, SliceColumn.Key, runs[i].First, runs[i].Count), Rows(slice, SliceColumn.Value, runs[i].First, runs[i].Count), position, IsRotated: false));
            position += runs[i].Count;
        }
    }

    public BankIndex Bank(int layer) => _plan.Layers[layer].BankOf(Manifest.Layers[layer], Manifest.Blocks.Length);

    public MatrixView BlockKeys(int layer, int run) => Slice(layer, _plan.Layers[layer].Bank[run]).Column(SliceColumn.RetrievalKey);

    public ValueTask FetchBankAsync(int layer, ReadOnlyMemory<int> positions, CancellationToken cancellationToken)
    {
        List<BankWish>? missing = null;
        for (int i = 0; i < positions.Length; i++)
        {
            BankRow row = BankAt(layer, positions.Span[i], out ResidentEntry entry);
            if (entry.Key.IsKeysOnly) (missing ??= []).Add(new BankWish(i, entry.Address, row.Row));
        }

        return missing is null ? ValueTask.CompletedTask : _bank.FetchAsync(positions.Length, missing, cancellationToken);
    }

    public void CopyBank(int layer, ReadOnlySpan<int> positions, MatrixView keys, MatrixView values)
    {
        for (int i = 0; i < positions.Length; i++)
        {
            BankRow row = BankAt(layer, positions[i], out ResidentEntry entry);
            if (entry.Key.IsKeysOnly)
            {
                _backend.Upload(_bank.KeyOf(i), RowType, keys.SliceRows(i, 1));
                _backend.Upload(_bank.ValueOf(i), RowType, values.SliceRows(i, 1));
                continue;
            }

            ResidentSlice slice = entry.Slice ?? throw NotReady(layer, entry);
            _backend.Copy(Rows(slice, SliceColumn.Key, row.Row, 1), keys.SliceRows(i, 1));
            _backend.Copy(Rows(slice, SliceColumn.Value, row.Row, 1), values.SliceRows(i, 1));
        }
    }

    public void ReadPool(int layer, MatrixView keys, MatrixView values)
    {
        List<KeySegment> segments = [];
        PoolSegments(layer, 0, segments);
        foreach (KeySegment segment in segments)
        {
            _backend.Copy(segment.Keys, keys.SliceRows(segment.FirstPosition, segment.Rows));
            _backend.Copy(segment.Values, values.SliceRows(segment.FirstPosition, segment.Rows));
        }
    }

    public void ReadNewest(int layer, MatrixView hidden)
    {
        ImmutableArray<RowRun> runs = Manifest.Layers[layer].Pool;
        int end = hidden.Rows;
        for (int i = runs.Length - 1; i >= 0 && end > 0; i--)
        {
            int count = Math.Min(runs[i].Count, end);
            ResidentSlice slice = Slice(layer, _plan.Layers[layer].Pool[i]);
            _backend.Copy(Rows(slice, SliceColumn.Hidden, runs[i].End - count, count), hidden.SliceRows(end - count, count));
            end -= count;
        }
    }

    public long GenesisAge(int layer, int row)
    {
        ImmutableArray<BankRun> runs = Manifest.Layers[layer].Bank;
        for (int i = 0; i < runs.Length; i++)
        {
            if (Manifest.Blocks[runs[i].Block].WrittenAt == 0) return Slice(layer, _plan.Layers[layer].Bank[i]).Ages[row];
        }

        throw new InvalidOperationException($"The bank of layer {layer} has no genesis rows.");
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _resident.Release(_reservation);
    }

    /// <summary>Also for loads that other pins began. What went wrong with any slice of the layer is thrown here.</summary>
    private async ValueTask WaitForAsync(int layer, CancellationToken cancellationToken)
    {
        LayerPlan wanted = _plan.Layers[layer];
        for (int i = 0; i < wanted.Count; i++)
        {
            ResidentEntry entry = _reservation.Entries[wanted.First + i];
            if (entry.Slice is null) await entry.Loaded.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        _ = IsReady(layer);
    }

    private static MatrixView Rows(ResidentSlice slice, SliceColumn column, int first, int count) => slice.Column(column).SliceRows(first, count);

    private ResidentSlice Slice(int layer, int slot)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (slot < 0) throw new InvalidOperationException($"Layer {layer} was not pinned as a whole for {_plan.Part}.");
        return _reservation.Entries[slot].Slice ?? throw NotReady(layer, _reservation.Entries[slot]);
    }

    private BankRow BankAt(int layer, int position, out ResidentEntry entry)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        BankRow row = Bank(layer).Positions.RowAt(position);
        entry = _reservation.Entries[_plan.Layers[layer].Bank[row.Run]];
        return row;
    }

    private static InvalidOperationException NotReady(int layer, ResidentEntry entry) => new($"Layer {layer} is not ready: {entry.Address} is still on its way.");
}
