using System.Buffers;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.ModelHost.Remote.Codecs;

namespace LatentDb.ModelHost.Remote;

/// <summary>The model silo's end of one stream: messages out, and a look at what comes in while it works, because that is how it learns that the caller has gone.</summary>
internal sealed class ServedStream(LinkReader request, LinkWriter answer, CancellationToken ended)
{
    private LinkSink? _sink;

    /// <summary>Sends a message that is built by <paramref name="write"/>, with the end of the call or the next flush.</summary>
    public async ValueTask AddAsync<T>(byte kind, T value, Action<IBufferWriter<byte>, T> write)
    {
        using var message = new LinkBuffer(RemoteLimits.MaxMessageBytes);
        write(message, value);
        await answer.AddAsync(kind, message.Written, ended).ConfigureAwait(false);
    }

    /// <summary>The caller hears what was added.</summary>
    public ValueTask FlushAsync() => answer.FlushAsync(ended);

    /// <summary>Asks the caller for something; its bytes are valid until the next message.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> AskAsync(byte question, byte expected)
    {
        await answer.WriteAsync(question, default, ended).ConfigureAwait(false);
        return await request.ReadAsync(expected, ended).ConfigureAwait(false);
    }

    /// <summary>Where messages go.</summary>
    public LinkWriter Answer => answer;

    /// <summary>Blocks that the caller reserves from now on are for that sink.</summary>
    public void Feed(LinkSink sink) => _sink = sink;

    /// <summary>Works until it is done or the caller has gone.</summary>
    /// <exception cref="LinkBrokenException">He has.</exception>
    public async ValueTask ServeAsync(Func<CancellationToken, ValueTask> work)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(ended);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ended);
        Task listening = ListenAsync(gone, done.Token);
        try
        {
            await work(gone.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested && !ended.IsCancellationRequested)
        {
            throw new LinkBrokenException("The caller has gone.");
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
            await listening.ConfigureAwait(false);
        }
    }

    /// <summary>Never throws: whatever ends the caller's side ends the work.</summary>
    private async Task ListenAsync(CancellationTokenSource gone, CancellationToken done)
    {
        try
        {
            while (await request.ReadAsync(done).ConfigureAwait(false) is { Kind: ModelFrameKind.Block } frame) _sink?.Add(ReadBlock(frame.Payload.Span));
        }
        catch (Exception error) when (error is LatentDbException or MessagePackFormatException)
        {
            // The caller is gone, or makes no sense.
        }
        catch (OperationCanceledException) when (done.IsCancellationRequested)
        {
            return; // The work is done.
        }

        _sink?.Close();
        await gone.CancelAsync().ConfigureAwait(false);
    }

    private static BlockId ReadBlock(ReadOnlySpan<byte> payload)
    {
        var reader = new MessagePackReader(payload);
        return BlockCodec.Read(ref reader);
    }
}
