using System.Numerics;
using System.Runtime.InteropServices;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Passes;

/// <summary>
/// The intermediate matrices of up to <see cref="Rows"/> rows in one layer, and the list of what they attend to. Kept by a
/// <see cref="ScratchRack"/>, so that pieces and tokens allocate nothing.
/// </summary>
internal sealed class PassScratch : IDisposable
{
    private readonly IComputeBackend _backend;
    private readonly List<DeviceBuffer> _buffers = [];
    private readonly List<KeySegment> _segments = [];
    private readonly List<AttentionSpan> _sequences = [];
    private readonly WeightProduct[] _products = new WeightProduct[IComputeBackend.MostProducts];
    private readonly int[] _positions;
    private readonly int _vocabulary;
    private MatrixView _narrow;
    private MatrixView _logits;

    public PassScratch(IComputeBackend backend, ModelDimensions dimensions, int rows)
    {
        _backend = backend;
        _vocabulary = dimensions.Vocabulary;
        _positions = new int[rows];
        Rows = rows;
        Input = New(rows, dimensions.D);
        Normed = New(rows, dimensions.D);
        Queries = New(rows, dimensions.QueryWidth);
        Attended = New(rows, dimensions.QueryWidth);
        Keys = New(rows, dimensions.KvWidth);
        Values = New(rows, dimensions.KvWidth);
        Gate = New(rows, dimensions.Ff);
        Up = New(rows, dimensions.Ff);
    }

    public int Rows { get; }

    /// <summary>The residual stream of a step [rows, d].</summary>
    public MatrixView Input { get; }

    /// <summary>[rows, d].</summary>
    public MatrixView Normed { get; }

    /// <summary>[rows, heads x head size].</summary>
    public MatrixView Queries { get; }

    /// <summary>[rows, heads x head size].</summary>
    public MatrixView Attended { get; }

    /// <summary>[rows, kv width].</summary>
    public MatrixView Keys { get; }

    /// <summary>[rows, kv width].</summary>
    public MatrixView Values { get; }

    /// <summary>[rows, ff].</summary>
    public MatrixView Gate { get; }

    /// <summary>[rows, ff].</summary>
    public MatrixView Up { get; }

    /// <summary>One for each row.</summary>
    public Span<int> Positions => _positions;

    public ReadOnlySpan<AttentionSpan> Sequences => CollectionsMarshal.AsSpan(_sequences);

    public ReadOnlySpan<KeySegment> Segments => CollectionsMarshal.AsSpan(_segments);

    /// <summary>[rows, vocabulary]; made for as many rows as were ever asked for, because most scratch needs none.</summary>
    public MatrixView Logits(int rows)
    {
        if (_logits.Buffer is null || _logits.Rows < rows) _logits = New((int)BitOperations.RoundUpToPowerOf2((uint)rows), _vocabulary);
        return _logits.SliceRows(0, rows);
    }

    /// <summary>A matrix of another width for the inside of adapters and projectors; kept and grown as needed.</summary>
    public MatrixView Narrow(int rows, int columns)
    {
        if (_narrow.Buffer is null || _narrow.Buffer.Elements < (long)rows * columns) _narrow = New(Math.Max(rows, Rows), columns);
        return _narrow.Buffer.AsMatrix(rows, columns);
    }

    /// <summary>Begins the list of what the rows of a layer attend to.</summary>
    public void ClearSequences()
    {
        _sequences.Clear();
        _segments.Clear();
    }

    /// <summary>A segment of the sequence that is being listed.</summary>
    public void Attend(in KeySegment segment) => _segments.Add(segment);

    /// <summary>Segments of the sequence that is being listed.</summary>
    public void Attend(ReadOnlySpan<KeySegment> segments) => _segments.AddRange(segments);

    /// <summary>Ends a sequence of <paramref name="rows"/> rows: what was added since the sequence before is what it attends to.</summary>
    public void EndSequence(int rows)
    {
        AttentionSpan before = _sequences.Count == 0 ? default : _sequences[^1];
        int first = before.FirstSegment + before.Segments;
        _sequences.Add(new AttentionSpan(before.FirstRow + before.Rows, rows, first, _segments.Count - first));
    }

    /// <summary>y += x through a linear layer with the adapter of that mode.</summary>
    public void Add(Linear linear, AdapterMode mode, MatrixView x, MatrixView y)
    {
        LinearView view = linear.View(mode);
        _backend.Multiply(x, view.Base, y, accumulate: true);
        AddAdapter(view, x, y);
    }

    /// <summary>
    /// y = norm(x) through each of several linear layers with the adapters of that mode. x may have more rows than this scratch; where there are adapters,
    /// they need the normed rows, which go into <see cref="Normed"/> part by part.
    /// </summary>
    public void ApplyAll(AdapterMode mode, MatrixView x, RowNorm norm, ReadOnlySpan<LinearProduct> outputs)
    {
        bool hasAdapters = false;
        foreach (ref readonly LinearProduct output in outputs) hasAdapters |= output.Linear.View(mode).Adapter is not null;
        if (!hasAdapters)
        {
            MultiplyAll(mode, x, norm, outputs, 0);
            return;
        }

        for (int first = 0; first < x.Rows; first += Rows)
        {
            MatrixView normed = Normed.SliceRows(0, Math.Min(Rows, x.Rows - first));
            _backend.RmsNorm(x.SliceRows(first, normed.Rows), norm.Gain, norm.Epsilon, normed);
            MultiplyAll(mode, normed, norm: null, outputs, first);
            foreach (ref readonly LinearProduct output in outputs) AddAdapter(output.Linear.View(mode), normed, output.Y.SliceRows(first, normed.Rows));
        }
    }

    /// <summary>y = x through a retrieval projector.</summary>
    public void Apply(Projector projector, MatrixView x, MatrixView y)
    {
        if (projector.Second is not { } second)
        {
            _backend.Multiply(x, projector.First, y);
            return;
        }

        MatrixView inner = Narrow(x.Rows, projector.First.Outputs);
        _backend.Multiply(x, projector.First, inner);
        _backend.Silu(inner);
        _backend.Multiply(inner, second, y);
    }

    public void Dispose()
    {
        foreach (DeviceBuffer buffer in _buffers) buffer.Dispose();
    }

    private void MultiplyAll(AdapterMode mode, MatrixView x, RowNorm? norm, ReadOnlySpan<LinearProduct> outputs, int firstRow)
    {
        for (int i = 0; i < outputs.Length; i++)
            _products[i] = new WeightProduct(outputs[i].Linear.View(mode).Base, outputs[i].Y.SliceRows(firstRow, x.Rows));
        _backend.MultiplyAll(x, norm, _products.AsSpan(0, outputs.Length));
    }

    private void AddAdapter(LinearView view, MatrixView x, MatrixView y)
    {
        if (view.Adapter is not { } adapter) return;
        MatrixView low = Narrow(x.Rows, adapter.Rank);
        _backend.Multiply(x, adapter.A, low);
        _backend.Multiply(low, adapter.B, y, accumulate: true, scale: adapter.Scale);
    }

    private MatrixView New(int rows, int columns)
    {
        DeviceBuffer buffer = _backend.Allocate((long)rows * columns);
        _buffers.Add(buffer);
        return buffer.AsMatrix(rows, columns);
    }
}
