using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Compute;

/// <summary>Memory of a back end, owned by whoever allocated it. Activations are F32; rows of memory may lie in the type in which they are stored.</summary>
internal abstract class DeviceBuffer : IDisposable
{
    protected DeviceBuffer(long elements, ElementType type)
    {
        Elements = elements;
        Type = type;
    }

    /// <summary>Number of elements.</summary>
    public long Elements { get; }

    /// <summary>F32 or BF16.</summary>
    public ElementType Type { get; }

    /// <summary>The whole buffer as one row-major matrix.</summary>
    public MatrixView AsMatrix(int rows, int columns) => new(this, 0, rows, columns, columns);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
