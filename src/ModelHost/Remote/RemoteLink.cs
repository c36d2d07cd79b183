using System.Buffers;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.ModelHost.Remote.Codecs;

namespace LatentDb.ModelHost.Remote;

/// <summary>The caller's end of one stream. Whatever goes wrong with the way is an <see cref="ElsewhereException"/>; what the other silo says is not.</summary>
internal sealed class RemoteLink : IDisposable
{
    private readonly Stream _stream;
    private readonly LinkReader _reader;
    private readonly LinkWriter _writer;
    private readonly LinkBuffer _message = new(RemoteLimits.MaxMessageBytes);
    private bool _hasHeard;

    private RemoteLink(Stream stream)
    {
        _stream = stream;
        _reader = new LinkReader(stream, RemoteLimits.MaxMessageBytes);
        _writer = new LinkWriter(stream);
    }

    /// <summary>When it was last given back, for who keeps it open.</summary>
    public long LastUsed { get; set; }

    /// <summary>Told how many requests the silo has besides this one, whenever it says so.</summary>
    public Action<int>? OnPressure { get; set; }

    /// <summary>The stream has carried a call before, and nothing has come of this one: what broke may be no more than that old stream.</summary>
    public bool IsStale => LinkPool.IsReused(_stream) && !_hasHeard;

    public static async ValueTask<RemoteLink> OpenAsync(ISiloLinks links, string address, LinkChannel channel, CancellationToken cancellationToken)
    {
        try
        {
            return new RemoteLink(await links.OpenAsync(address, channel, cancellationToken).ConfigureAwait(false));
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.SiloUnreachable)
        {
            throw new ElsewhereException(error, wasLost: true);
        }
    }

    /// <summary>Sends a message that is built by <paramref name="write"/>.</summary>
    public async ValueTask SendAsync<T>(byte kind, T value, Action<IBufferWriter<byte>, T> write, CancellationToken cancellationToken)
    {
        _message.Clear();
        write(_message, value);
        try
        {
            await _writer.WriteAsync(kind, _message.Written, cancellationToken).ConfigureAwait(false);
        }
        catch (LinkBrokenException error)
        {
            throw new ElsewhereException(error, wasLost: true);
        }
    }

    /// <summary>The next message; null = the other side has said everything.</summary>
    /// <exception cref="LatentDbException">What was asked cannot be had, there or anywhere.</exception>
    public async ValueTask<LinkFrame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            LinkFrame? received = await ReceiveAnyAsync(cancellationToken).ConfigureAwait(false);
            if (received is not { Kind: ModelFrameKind.Pressure } pressure) return received;
            OnPressure?.Invoke(ReadPressure(pressure.Payload.Span));
        }
    }

    private async ValueTask<LinkFrame?> ReceiveAnyAsync(CancellationToken cancellationToken)
    {
        LinkFrame? received;
        try
        {
            received = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException error) when (error is LinkBrokenException || error.Code == ErrorCode.DataDamaged)
        {
            // Bytes that were damaged on the way are as good as a cut: the stored ones are whole, and can be sent again.
            throw new ElsewhereException(Lost(error), wasLost: true);
        }

        _hasHeard = true;
        if (received is null) LinkPool.Keep(_stream);
        if (received is not { Kind: ModelFrameKind.Failed } failed) return received;
        LatentDbException refusal = ReadRefusal(failed.Payload.Span);
        throw ElsewhereException.IsMeant(refusal) ? new ElsewhereException(refusal, wasLost: false) : refusal;
    }

    /// <summary>Something came that makes no sense: that silo is not one to go on with.</summary>
    public static ElsewhereException Nonsense(string what) => new(new LatentDbException(ErrorCode.SiloUnreachable, $"A model silo sent {what}."), wasLost: true);

    public void Dispose()
    {
        _message.Dispose();
        _reader.Dispose();
        _writer.Dispose();
        _stream.Dispose();
    }

    private static int ReadPressure(ReadOnlySpan<byte> payload)
    {
        try
        {
            var reader = new MessagePackReader(payload);
            return Math.Max(0, reader.ReadInt32());
        }
        catch (MessagePackFormatException)
        {
            throw Nonsense("a count of requests that cannot be read");
        }
    }

    private static LatentDbException Lost(LatentDbException error) =>
        error.Code == ErrorCode.SiloUnreachable ? error : new LatentDbException(ErrorCode.SiloUnreachable, "What a silo sent was damaged on the way.", error);

    private static LatentDbException ReadRefusal(ReadOnlySpan<byte> payload)
    {
        try
        {
            var reader = new MessagePackReader(payload);
            return LinkErrorCodec.Read(ref reader);
        }
        catch (MessagePackFormatException)
        {
            throw Nonsense("an error that cannot be read");
        }
    }
}
