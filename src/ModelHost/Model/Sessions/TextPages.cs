using System.Collections.Concurrent;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Model.Sessions;

/// <summary>Pages for text, kept for the next session when they come back, so that a growing answer allocates nothing. Thread-safe.</summary>
internal sealed class TextPages(IComputeBackend backend, ModelDimensions dimensions) : IDisposable
{
    /// <summary>Free pages beyond this many bytes are given back to the system: enough for the text of a few dozen requests at 100M parameters.</summary>
    private const long KeptBytes = 128L << 20;

    private readonly ConcurrentBag<TextPage> _free = [];
    private long _freeBytes;
    private bool _disposed;

    /// <summary>A page whose rows are undefined, held once.</summary>
    public TextPage Rent()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        if (!_free.TryTake(out TextPage? page)) return New().Retain();
        Interlocked.Add(ref _freeBytes, -page.Bytes);
        return page.Retain();
    }

    public void TakeBack(TextPage page)
    {
        if (Volatile.Read(ref _disposed) || Interlocked.Read(ref _freeBytes) + page.Bytes > KeptBytes)
        {
            page.Dispose();
            return;
        }

        Interlocked.Add(ref _freeBytes, page.Bytes);
        _free.Add(page);
    }

    public void Dispose()
    {
        Volatile.Write(ref _disposed, true);
        while (_free.TryTake(out TextPage? page)) page.Dispose();
    }

    private TextPage New() => new(this, backend.Allocate(2L * dimensions.L * TextPage.RowCount * dimensions.KvWidth), dimensions);
}
