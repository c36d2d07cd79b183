using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Passes;

/// <summary>What a write pass made: the hidden rows of a new block, [layers, rows, d].</summary>
internal sealed class NewRows : IDisposable
{
    private readonly DeviceBuffer _buffer;
    private readonly MatrixView _all;

    public NewRows(IComputeBackend backend, ModelDimensions dimensions, int rows)
    {
        _buffer = backend.Allocate((long)dimensions.L * rows * dimensions.D);
        _all = _buffer.AsMatrix(dimensions.L * rows, dimensions.D);
        Rows = rows;
    }

    /// <summary>Rows per layer: K, or fewer when a checkpoint without memory reads a text shorter than K.</summary>
    public int Rows { get; }

    /// <summary>[rows, d].</summary>
    public MatrixView Layer(int layer) => _all.SliceRows(layer * Rows, Rows);

    public void Dispose() => _buffer.Dispose();
}
