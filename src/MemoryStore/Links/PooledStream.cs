namespace LatentDb.MemoryStore.Links;

/// <summary>One call's use of a stream; closing it gives the stream back when the call has ended as it should, and else ends it.</summary>
internal sealed class PooledStream(LinkPool pool, string address, LinkChannel channel, Stream inner, bool isReused) : AsyncStream
{
    private int _isClosed;

    public bool IsReused => isReused;

    /// <summary>The next call may have it.</summary>
    public bool IsKept { get; set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            int count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (count == 0 && !buffer.IsEmpty) pool.Drop(address);
            return count;
        }
        catch (IOException)
        {
            pool.Drop(address);
            throw;
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            pool.Drop(address);
            throw;
        }
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            pool.Drop(address);
            throw;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            if (IsKept) pool.GiveBack(address, channel, inner);
            else inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
