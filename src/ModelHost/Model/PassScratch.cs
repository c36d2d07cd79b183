using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model;

/// <summary>The intermediate matrices of a pass over up to <see cref="Rows"/> rows; allocated once per pass, so that layers and tokens allocate nothing.</summary>
internal sealed class PassScratch : IDisposable
{
    private readonly IComputeBackend _backend;
    private readonly List<DeviceBuffer> _buffers = [];
    private MatrixView _narrow;

    public PassScratch(IComputeBackend backend, ModelDimensions dimensions, int rows)
    {
        _backend = backend;
        Rows = rows;
        Normed = New(rows, dimensions.D);
        Queries = New(rows, dimensions.QueryWidth);
        Attended = New(rows, dimensions.QueryWidth);
        Gate = New(rows, dimensions.Ff);
        Up = New(rows, dimensions.Ff);
        Projected = New(rows, Math.Max(1, dimensions.KeySize));
    }

    public int Rows { get; }

    /// <summary>[rows, d].</summary>
    public MatrixView Normed { get; }

    /// <summary>[rows, heads x head size].</summary>
    public MatrixView Queries { get; }

    /// <summary>[rows, heads x head size].</summary>
    public MatrixView Attended { get; }

    /// <summary>[rows, ff].</summary>
    public MatrixView Gate { get; }

    /// <summary>[rows, ff].</summary>
    public MatrixView Up { get; }

    /// <summary>[rows, key size].</summary>
    public MatrixView Projected { get; }

    /// <summary>A matrix of another width for the inside of adapters and projectors; kept and grown as needed.</summary>
    public MatrixView Narrow(int rows, int columns)
    {
        if (_narrow.Buffer is null || _narrow.Buffer.Elements < (long)rows * columns) _narrow = New(Math.Max(rows, Rows), columns);
        return _narrow.Buffer.AsMatrix(rows, columns);
    }

    /// <summary>y = x through a linear layer with the adapter of that mode.</summary>
    public void Apply(Linear linear, AdapterMode mode, MatrixView x, MatrixView y)
    {
        LinearView view = linear.View(mode);
        _backend.Multiply(x, view.Base, y);
        if (view.Adapter is not { } adapter) return;
        MatrixView low = Narrow(x.Rows, adapter.Rank);
        _backend.Multiply(x, adapter.A, low);
        _backend.Multiply(low, adapter.B, y, accumulate: true, scale: adapter.Scale);
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

    private MatrixView New(int rows, int columns)
    {
        DeviceBuffer buffer = _backend.Allocate((long)rows * columns);
        _buffers.Add(buffer);
        return buffer.AsMatrix(rows, columns);
    }
}
