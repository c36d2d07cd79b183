namespace LatentDb.ModelHost.Compute;

/// <summary>fp32 memory of a back end, owned by whoever allocated it.</summary>
internal abstract class DeviceBuffer : IDisposable
{
    protected DeviceBuffer(long elements) => Elements = elements;

    /// <summary>Number of fp32 elements.</summary>
    public long Elements { get; }

    /// <summary>The whole buffer as one row-major matrix.</summary>
    public MatrixView AsMatrix(int rows, int columns) => new(this, 0, rows, columns, columns);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
