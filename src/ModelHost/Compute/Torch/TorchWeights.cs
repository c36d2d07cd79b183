using static TorchSharp.torch;

namespace LatentDb.ModelHost.Compute.Torch;

/// <summary>A weight [outputs, inputs] on the device, transposed by the product itself.</summary>
internal sealed class TorchWeights : WeightMatrix
{
    private readonly Tensor _matrix;
    private bool _disposed;

    /// <param name="matrix">Owned by this from now on.</param>
    public TorchWeights(Tensor matrix)
        : base((int)matrix.shape[0], (int)matrix.shape[1]) => _matrix = matrix;

    public Tensor Matrix
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _matrix;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_disposed) return;
        _disposed = true;
        _matrix.Dispose();
    }
}
