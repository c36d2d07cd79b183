using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model;

namespace LatentDb.ModelHost.Paging;

/// <summary>The rows of one version, pinned: what a pass reads from until the handle is disposed. Used by one pass at a time.</summary>
internal sealed class PinHandle : IMemoryRows, IDisposable
{
    private readonly IComputeBackend _backend;
    private readonly ResidentSet _resident;
    private readonly SlicePart _part;
    private readonly Dictionary<int, ResidentEntry>[] _entries; // by layer, then by index into Manifest.Blocks
    private readonly Dictionary<int, ResidentSlice>[] _slices;
    private readonly DeviceBuffer?[] _bankKeys;
    private bool _disposed;

    public PinHandle(IComputeBackend backend, ResidentSet resident, Manifest manifest, SlicePart part)
    {
        _backend = backend;
        _resident = resident;
        _part = part;
        Manifest = manifest;
        _entries = [.. manifest.Layers.Select(_ => new Dictionary<int, ResidentEntry>())];
        _slices = [.. manifest.Layers.Select(_ => new Dictionary<int, ResidentSlice>())];
        _bankKeys = new DeviceBuffer?[manifest.Layers.Length];
    }

    public Manifest Manifest { get; }

    /// <summary>Slices that are pinned.</summary>
    public int Slices { get; private set; }

    /// <summary>Those that were not there when this pin came, so that it had to read them.</summary>
    public int Misses { get; private set; }

    /// <summary>Their bytes.</summary>
    public long MissedBytes { get; private set; }

    public void Add(int layer, int block, ResidentEntry entry, bool isMissing)
    {
        _entries[layer].Add(block, entry);
        Slices++;
        if (!isMissing) return;
        Misses++;
        MissedBytes += entry.Bytes;
    }

    /// <summary>True when every slice is there already.</summary>
    public bool TryResolve()
    {
        for (int layer = 0; layer < _entries.Length; layer++)
        {
            foreach ((int block, ResidentEntry entry) in _entries[layer])
            {
                if (!entry.Slice.Task.IsCompletedSuccessfully) return false;
#pragma warning disable RS0030, VSTHRD002, VSTHRD103, MA0042 // The task is complete, so nothing blocks.
                _slices[layer][block] = entry.Slice.Task.Result;
#pragma warning restore RS0030, VSTHRD002, VSTHRD103, MA0042
            }
        }

        return true;
    }

    /// <summary>Waits for every load, also those that other pins began.</summary>
    public async ValueTask ResolveAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        for (int layer = 0; layer < _entries.Length; layer++)
        {
            foreach ((int block, ResidentEntry entry) in _entries[layer])
            {
                _slices[layer][block] = await entry.Slice.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public void ReadPool(int layer, MatrixView keys, MatrixView values)
    {
        int rank = 0;
        foreach (RowRun run in Manifest.Layers[layer].Pool)
        {
            CopyRows(Slice(layer, run.Block), run.First, run.Count, rank, keys, values);
            rank += run.Count;
        }
    }

    public ElementType RowType => ElementType.F32;

    public bool IsReady(int layer) => true;

    public ValueTask WhenReadyAsync(int layer, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void PoolSegments(int layer, int firstPosition, List<KeySegment> target)
    {
        int position = firstPosition;
        foreach (RowRun run in Manifest.Layers[layer].Pool)
        {
            ResidentSlice slice = Slice(layer, run.Block);
            target.Add(new KeySegment(
                slice.Column(SliceColumn.Key).SliceRows(run.First, run.Count), slice.Column(SliceColumn.Value).SliceRows(run.First, run.Count), position, IsRotated: false));
            position += run.Count;
        }
    }

    public IReadOnlyList<MatrixView> BankKeySegments(int layer) =>
        [.. Manifest.Layers[layer].Bank.Select(run => Slice(layer, run.Block).Column(SliceColumn.RetrievalKey).SliceRows(run.First, run.Count))];

    public ValueTask FetchBankAsync(int layer, ReadOnlyMemory<int> positions, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void CopyBank(int layer, ReadOnlySpan<int> positions, MatrixView keys, MatrixView values)
    {
        var bank = new BankPositions(Manifest.Layers[layer]);
        for (int i = 0; i < positions.Length; i++)
        {
            BankRun row = bank.At(positions[i]);
            CopyRows(Slice(layer, row.Block), row.First, 1, i, keys, values);
        }
    }

    public void ReadNewest(int layer, MatrixView hidden)
    {
        int end = hidden.Rows;
        for (int i = Manifest.Layers[layer].Pool.Length - 1; i >= 0 && end > 0; i--)
        {
            RowRun run = Manifest.Layers[layer].Pool[i];
            int count = Math.Min(run.Count, end);
            MatrixView rows = Slice(layer, run.Block).Column(SliceColumn.Hidden).SliceRows(run.End - count, count);
            _backend.Copy(rows, hidden.SliceRows(end - count, count));
            end -= count;
        }
    }

    public MatrixView BankKeys(int layer)
    {
        LayerRows rows = Manifest.Layers[layer];
        int width = Slice(layer, rows.Bank[0].Block).Column(SliceColumn.RetrievalKey).Columns;
        if (_bankKeys[layer] is { } ready) return ready.AsMatrix(rows.BankRows, width);
        DeviceBuffer buffer = _bankKeys[layer] = _backend.Allocate((long)rows.BankRows * width);
        MatrixView keys = buffer.AsMatrix(rows.BankRows, width);
        int position = 0;
        foreach (BankRun run in rows.Bank)
        {
            _backend.Copy(Slice(layer, run.Block).Column(SliceColumn.RetrievalKey).SliceRows(run.First, run.Count), keys.SliceRows(position, run.Count));
            position += run.Count;
        }

        return keys;
    }

    public long GenesisAge(int layer, int row)
    {
        foreach ((int block, ResidentSlice slice) in _slices[layer])
        {
            if (Manifest.Blocks[block].WrittenAt == 0) return slice.Ages[row];
        }

        throw new InvalidOperationException($"Layer {layer} has no genesis rows.");
    }

    public ValueTask ReadBankAsync(int layer, ReadOnlyMemory<int> positions, MatrixView keys, MatrixView values, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CopyBank(layer, positions.Span, keys, values);
        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (DeviceBuffer? buffer in _bankKeys) buffer?.Dispose();
        foreach (Dictionary<int, ResidentEntry> layer in _entries)
        {
            foreach (ResidentEntry entry in layer.Values) _resident.Unpin(entry);
        }
    }

    private void CopyRows(ResidentSlice slice, int first, int count, int target, MatrixView keys, MatrixView values)
    {
        _backend.Copy(slice.Column(SliceColumn.Key).SliceRows(first, count), keys.SliceRows(target, count));
        _backend.Copy(slice.Column(SliceColumn.Value).SliceRows(first, count), values.SliceRows(target, count));
    }

    private ResidentSlice Slice(int layer, int block)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _slices[layer].TryGetValue(block, out ResidentSlice? slice)
            ? slice
            : throw new InvalidOperationException($"Block {Manifest.Blocks[block].Id} of layer {layer} was not pinned for {_part}.");
    }
}
