using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Passes;

/// <summary>
/// The write pass (spec 3.1 to 3.4): one chunk of text, read together with the newest K rows of each layer, becomes K new rows per layer. No head,
/// no final norm.
/// </summary>
internal sealed class WritePass : IResumablePass
{
    // Enough rows for the products to run at the peak of the machine, few enough that a decode step need not wait for a whole chunk.
    private const int PieceRows = 256;

    private readonly LayerStack _stack;
    private readonly CompatibilityMode _compatibility;
    private readonly IMemoryRows? _newest;
    private readonly CancellationToken _cancellation;
    private readonly int _prefix;
    private readonly int _total;
    private readonly int _written;
    private readonly int _first;
    private readonly DeviceBuffer _buffer;
    private readonly MatrixView _x;
    private readonly MatrixView _keys;
    private readonly MatrixView _values;
    private NewRows? _rows;
    private int _layer;
    private int _next;
    private bool _isEntered;

    /// <param name="stack">The model.</param>
    /// <param name="compatibility">Habits to repeat.</param>
    /// <param name="ids">The chunk, n tokens.</param>
    /// <param name="newest">The newest K rows of each layer; null when the pool is empty (a checkpoint without memory).</param>
    /// <param name="cancellation">Ends the waits for rows.</param>
    public WritePass(LayerStack stack, CompatibilityMode compatibility, ReadOnlySpan<int> ids, IMemoryRows? newest, CancellationToken cancellation)
    {
        ModelDimensions dimensions = stack.Dimensions;
        _stack = stack;
        _compatibility = compatibility;
        _newest = newest;
        _cancellation = cancellation;
        _prefix = newest is null ? 0 : 1 + dimensions.K; // bos and the newest K rows
        _total = _prefix + ids.Length;
        _written = Math.Min(dimensions.K, _total);
        _first = newest is null ? 0 : Math.Min(_prefix, _total - dimensions.K); // short chunks re-encode memory rows (spec 3.3)
        _buffer = stack.Backend.Allocate((long)_total * (dimensions.D + (2 * dimensions.KvWidth)));
        _x = new MatrixView(_buffer, 0, _total, dimensions.D, dimensions.D); // [T, d]
        _keys = new MatrixView(_buffer, (long)_total * dimensions.D, _total, dimensions.KvWidth, dimensions.KvWidth);
        _values = new MatrixView(_buffer, (long)_total * (dimensions.D + dimensions.KvWidth), _total, dimensions.KvWidth, dimensions.KvWidth);
        _rows = new NewRows(stack.Backend, dimensions, _written);
        stack.Embed(ids, _x.SliceRows(_prefix, ids.Length));
    }

    public int NextRows => _layer == _stack.Dimensions.L ? 0 : Math.Min(PieceRows, _total - (_isEntered ? _next : FirstOfLayer));

    /// <summary>The first row that goes through the layer. Of the last one only the new rows are wanted.</summary>
    private int FirstOfLayer => _layer == _stack.Dimensions.L - 1 ? _total - _written : _first;

    public PassProgress Run()
    {
        ObjectDisposedException.ThrowIf(_rows is null, this);
        if (_layer == _stack.Dimensions.L) return PassProgress.Finished;
        if (!_isEntered && _newest?.IsReady(_layer) == false) return PassProgress.Waits(_newest.WhenReadyAsync(_layer, _cancellation).AsTask());
        PassScratch scratch = _stack.Scratch.Rent(Math.Min(PieceRows, _total));
        try
        {
            if (!_isEntered) EnterLayer(scratch);
            RunPiece(scratch);
        }
        finally
        {
            _stack.Scratch.Return(scratch);
        }

        if (_next == _total) LeaveLayer();
        return _layer == _stack.Dimensions.L ? PassProgress.Finished : PassProgress.More;
    }

    /// <summary>The new rows of each layer, once the pass is finished; owned by the caller from here on.</summary>
    public NewRows TakeRows()
    {
        if (_layer < _stack.Dimensions.L) throw new InvalidOperationException($"The pass is at layer {_layer} of {_stack.Dimensions.L}.");
        NewRows rows = _rows ?? throw new ObjectDisposedException(nameof(WritePass));
        _rows = null;
        return rows;
    }

    public void Dispose()
    {
        _rows?.Dispose();
        _rows = null;
        _buffer.Dispose();
    }

    /// <summary>bos and memory rows are read afresh at each layer; only text rows travel through the layers. K and V of all rows are there before the first piece.</summary>
    private void EnterLayer(PassScratch scratch)
    {
        IComputeBackend backend = _stack.Backend;
        DecoderLayer layer = _stack.Layers[_layer];
        if (_newest is not null)
        {
            backend.Copy(layer.Weights.Bos, _x.SliceRows(0, 1));
            _newest.ReadNewest(_layer, _x.SliceRows(1, _stack.Dimensions.K));
        }

        backend.AddRow(_stack.MemoryPosition, _x.SliceRows(_total - _written, _written)); // at every layer
        if (_compatibility.AliasedFirstBlock && _newest is null && _layer > 0) backend.AddRow(_stack.MemoryPosition, _rows!.Layer(_layer - 1));
        layer.KeysAndValues(_x, AdapterMode.Write, scratch, _keys, _values);
        layer.Rotate(_keys, 0);
        _next = FirstOfLayer;
        _isEntered = true;
    }

    private void RunPiece(PassScratch scratch)
    {
        DecoderLayer layer = _stack.Layers[_layer];
        int count = Math.Min(PieceRows, _total - _next);
        MatrixView queries = layer.Queries(_x.SliceRows(_next, count), AdapterMode.Write, scratch);
        layer.Rotate(queries, _next);
        scratch.ClearSequences();
        scratch.Attend(new KeySegment(_keys.SliceRows(0, _next + count), _values.SliceRows(0, _next + count), FirstPosition: 0, IsRotated: true));
        scratch.EndSequence(count);
        layer.Forward(_x.SliceRows(_next, count), queries, AdapterMode.Write, scratch);
        _next += count;
    }

    private void LeaveLayer()
    {
        _stack.Backend.Copy(_x.SliceRows(_total - _written, _written), _rows!.Layer(_layer)); // raw outputs of the layer
        _layer++;
        _isEntered = false;
    }
}
