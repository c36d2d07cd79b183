using System.Net;

namespace LatentDb.Silo.Cluster.Links;

/// <summary>The body of a request that is written while its answer is read.</summary>
internal sealed class LinkContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where the body is written, as soon as the request is on its way.</summary>
    public Task<Stream> Opened => _opened.Task;

    /// <summary>The body is complete.</summary>
    public void Close() => _closed.TrySetResult();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The head of the request waits in a buffer until something is flushed, and the other side answers to the head.
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        _opened.TrySetResult(stream);
        await _closed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _opened.TrySetException(new IOException("The request ended before it began."));
            _ = _opened.Task.Exception; // seen: whoever waits sees it too
            _closed.TrySetResult();
        }

        base.Dispose(disposing);
    }
}
