using LatentDb.MemoryStore.Links;

namespace LatentDb.Silo.Cluster.Links;

/// <summary>
/// Two one-way streams of one HTTP/2 stream as one in both directions. Whatever the network says when it breaks is an <see cref="IOException"/> to the
/// reader and the writer.
/// </summary>
/// <param name="reading">What the other side sends.</param>
/// <param name="writing">What this side sends.</param>
/// <param name="onClose">Ends both.</param>
/// <param name="writesFlush">What is written goes out at once, and a flush has nothing to do.</param>
internal sealed class LinkStream(Stream reading, Stream writing, Action onClose, bool writesFlush = false) : AsyncStream
{
    private int _isClosed;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await reading.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (IsBroken(error, cancellationToken))
        {
            throw Broken(error);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await writing.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (IsBroken(error, cancellationToken))
        {
            throw Broken(error);
        }
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (writesFlush) return;
        try
        {
            await writing.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (IsBroken(error, cancellationToken))
        {
            throw Broken(error);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _isClosed, 1) == 0) onClose();
        base.Dispose(disposing);
    }

    /// <summary>A stream that the other side has reset shows as a cancellation which nobody asked for.</summary>
    private static bool IsBroken(Exception error, CancellationToken cancellationToken) =>
        error is HttpRequestException or InvalidOperationException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static IOException Broken(Exception error) => new("The stream to another silo broke.", error);
}
