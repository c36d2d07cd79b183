using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Sessions;

/// <summary>Pages for text, kept for the next session when they come back, so that a growing answer allocates nothing. Thread-safe.</summary>
internal sealed class TextPages(IComputeBackend backend, ModelDimensions dimensions) : IDisposable
{
    /// <summary>Free pages beyond this many bytes are given back to the system: enough for the text of a few dozen requests at 100M parameters.</summary>
    private const long KeptBytes = 128L << 20;

    private readonly Lock _gate = new();
    private readonly Stack<TextPage> _free = [];
    private long _freeBytes;
    private bool _disposed;

    /// <summary>A page whose rows are undefined, held once.</summary>
    public TextPage Rent()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_free.TryPop(out TextPage? page))
            {
                _freeBytes -= page.Bytes;
                return page.Retain();
            }
        }

        return New().Retain();
    }

    public void TakeBack(TextPage page)
    {
        lock (_gate)
        {
            if (!_disposed && _freeBytes + page.Bytes <= KeptBytes)
            {
                _freeBytes += page.Bytes;
                _free.Push(page);
                return;
            }
        }

        page.Dispose();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            while (_free.TryPop(out TextPage? page)) page.Dispose();
        }
    }

    private TextPage New() => new(this, backend.Allocate(2L * dimensions.L * TextPage.RowCount * dimensions.KvWidth), dimensions);
}
