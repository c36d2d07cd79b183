using System.Threading.Channels;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.ModelHost.Remote.Slices;

namespace LatentDb.ModelHost.Remote;

/// <summary>
/// The owner's sink as the model silo sees it: slices go over the stream as they are made, and the ids of blocks come over it ahead of need. A slice is
/// handed over when the id of the block after its own is there, so that reserving never waits.
/// </summary>
internal sealed class LinkSink : IBlockSink, IDisposable
{
    private readonly LinkWriter _link;
    private readonly SliceSender _sender;
    private readonly Channel<BlockId> _reserved = Channel.CreateUnbounded<BlockId>(); // the owner sends one for each block that it sees
    private readonly SemaphoreSlim _turn = new(1, 1);

    public LinkSink(LinkWriter link, IEnumerable<BlockId> reserved)
    {
        _link = link;
        _sender = new SliceSender(link);
        foreach (BlockId block in reserved) Add(block);
    }

    /// <summary>Slices that were sent.</summary>
    public int Slices { get; private set; }

    /// <summary>The owner has reserved one more block.</summary>
    public void Add(BlockId block) => _reserved.Writer.TryWrite(block);

    /// <summary>The owner is gone: nothing more is reserved.</summary>
    public void Close() => _reserved.Writer.TryComplete();

    /// <inheritdoc/>
    public BlockId NextBlock() => _reserved.Reader.TryRead(out BlockId block) ? block : throw new InvalidOperationException("More than one block was reserved without a slice.");

    /// <inheritdoc/>
    public async ValueTask StageAsync(BlockSlice slice, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _sender.SendAsync(slice, from: 0, cancellationToken).ConfigureAwait(false);
            Slices++;
            if (!_reserved.Reader.TryPeek(out _)) await _link.FlushAsync(cancellationToken).ConfigureAwait(false); // It is reserved when the owner sees the slice.
        }
        finally
        {
            _turn.Release();
        }

        RemoteTelemetry.Sent(slice.TensorBytes);
        if (!await _reserved.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false)) throw new LinkBrokenException("The owner of the memory is gone.");
    }

    public void Dispose()
    {
        _sender.Dispose();
        _turn.Dispose();
    }
}
