using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.ModelHost.Remote.Codecs;

namespace LatentDb.ModelHost.Remote.Slices;

/// <summary>
/// The slices of another silo. A read takes a stream for itself, and gives it back for the next one; when it breaks, the read goes on over another with
/// the bytes that are missing. Thread-safe.
/// </summary>
/// <param name="links">Ways to other silos.</param>
/// <param name="address">The owner's.</param>
/// <param name="time">For pauses and idle streams.</param>
internal sealed class RemoteBlockSource(ISiloLinks links, string address, TimeProvider time) : IBlockSource, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Stack<RemoteLink> _idle = []; // the last one used is on top
    private long _lastUsed = time.GetTimestamp();
    private bool _isClosed;

    /// <inheritdoc/>
    public ValueTask<BlockSlice> ReadAsync(SliceAddress address, CancellationToken cancellationToken) => ReadAsync(address, new SliceBuffer(), cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="LatentDbException">silo_unreachable, not_owner, data_damaged.</exception>
    public async ValueTask<BlockSlice> ReadAsync(SliceAddress address, SliceBuffer buffer, CancellationToken cancellationToken)
    {
        var receipt = new SliceReceipt(buffer);
        int failures = 0;
        while (true)
        {
            int before = receipt.Received;
            try
            {
                if (!receipt.IsWhole) await ReceiveAsync(address, receipt, cancellationToken).ConfigureAwait(false);
                BlockSlice slice = receipt.Complete();
                RemoteTelemetry.Received(slice.TensorBytes);
                return slice;
            }
            catch (ElsewhereException lost)
            {
                if (receipt.IsWhole) receipt.Clear(); // All of it came, and it is not what was sent: none of it is worth keeping.
                failures = receipt.Received > before ? 1 : failures + 1;
                if (failures >= RemoteLimits.MaxBrokenReads) throw new LatentDbException(lost.Reason.Code, lost.Reason.Message, lost) { RetryAfter = RemoteLimits.RetryAfter };
            }

            await Task.Delay(RemoteLimits.FirstPause * (1 << (failures - 1)), time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask AnnounceAsync(SliceAddress address, CancellationToken cancellationToken)
    {
        try
        {
            RemoteLink link = await TakeAsync(cancellationToken).ConfigureAwait(false);
            await UseAsync(link, () => SendWishAsync(link, ModelFrameKind.Announce, address, 0, cancellationToken)).ConfigureAwait(false);
        }
        catch (ElsewhereException)
        {
            // The read that follows meets the same, and goes on or tells.
        }
    }

    /// <summary>Closes streams that nobody has used for a while.</summary>
    /// <returns>False when nobody uses the source any more; then it is closed.</returns>
    public bool Sweep()
    {
        ImmutableArray<RemoteLink> closed;
        lock (_lock)
        {
            closed = [.. _idle.Where(link => time.GetElapsedTime(link.LastUsed) >= RemoteLimits.IdleStream)];
            RemoteLink[] kept = [.. _idle.Except(closed)];
            _idle.Clear();
            foreach (RemoteLink link in kept.Reverse()) _idle.Push(link);
            _isClosed |= kept.Length == 0 && time.GetElapsedTime(_lastUsed) >= RemoteLimits.IdleStream;
        }

        foreach (RemoteLink link in closed) link.Dispose();
        return !_isClosed;
    }

    /// <summary>Closes the idle streams; those in use are closed by their reads.</summary>
    public void Dispose()
    {
        lock (_lock) _isClosed = true;
        CloseIdle();
    }

    private async ValueTask ReceiveAsync(SliceAddress wanted, SliceReceipt receipt, CancellationToken cancellationToken)
    {
        RemoteLink link = await TakeAsync(cancellationToken).ConfigureAwait(false);
        await UseAsync(link, async () =>
        {
            await SendWishAsync(link, ModelFrameKind.Read, wanted, receipt.Received, cancellationToken).ConfigureAwait(false);
            LinkFrame frame = await NextAsync(link, ModelFrameKind.SliceHead, cancellationToken).ConfigureAwait(false);
            receipt.Begin(frame.Payload.Span);
            if (receipt.Address != wanted) throw RemoteLink.Nonsense($"slice {receipt.Address} for {wanted}");
            while (!receipt.IsWhole) receipt.Add((await NextAsync(link, ModelFrameKind.SliceBytes, cancellationToken).ConfigureAwait(false)).Payload.Span);
        }).ConfigureAwait(false);
    }

    private static ValueTask SendWishAsync(RemoteLink link, byte kind, SliceAddress slice, int from, CancellationToken cancellationToken) =>
        link.SendAsync(kind, (slice, from), static (buffer, wish) => BlockCodec.WriteWish(buffer, wish.slice, wish.from), cancellationToken);

    private static async ValueTask<LinkFrame> NextAsync(RemoteLink link, byte kind, CancellationToken cancellationToken) =>
        await link.ReceiveAsync(cancellationToken).ConfigureAwait(false) is { } frame && frame.Kind == kind ? frame : throw RemoteLink.Nonsense("something else than a slice");

    /// <summary>An idle stream, or a new one.</summary>
    private async ValueTask<RemoteLink> TakeAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _lastUsed = time.GetTimestamp();
            if (_idle.TryPop(out RemoteLink? link)) return link;
        }

        return await RemoteLink.OpenAsync(links, address, LinkChannel.Blocks, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A stream that was used to its end serves the next one; in the middle of an answer it is of no more use.</summary>
    private async ValueTask UseAsync(RemoteLink link, Func<ValueTask> use)
    {
        bool isClean = false;
        try
        {
            await use().ConfigureAwait(false);
            isClean = true;
        }
        catch (ElsewhereException error) when (error.WasLost)
        {
            CloseIdle(); // They go to the same process, which may be another one by now: each would cost a try.
            throw;
        }
        finally
        {
            if (!isClean || !TryGiveBack(link)) link.Dispose();
        }
    }

    private void CloseIdle()
    {
        RemoteLink[] closed;
        lock (_lock)
        {
            closed = [.. _idle];
            _idle.Clear();
        }

        foreach (RemoteLink link in closed) link.Dispose();
    }

    private bool TryGiveBack(RemoteLink link)
    {
        lock (_lock)
        {
            if (_isClosed || _idle.Count >= RemoteLimits.MaxIdleStreams) return false;
            link.LastUsed = time.GetTimestamp();
            _idle.Push(link);
            return true;
        }
    }
}
