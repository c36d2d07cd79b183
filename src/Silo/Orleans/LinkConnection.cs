using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace LatentDb.Silo.Orleans;

/// <summary>A link as a connection of Orleans, which reads and writes its ends, aborts it when they have ended, and then disposes of it.</summary>
internal sealed class LinkConnection : ConnectionContext
{
    private readonly Stream _link;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _closing = Task.CompletedTask;
    private int _isAborted;

    public LinkConnection(Stream link, EndPoint? remote)
    {
        _link = link;
        Transport = new LinkPipe(link);
        RemoteEndPoint = remote;
        ConnectionClosed = _closed.Token;
    }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    public override IDuplexPipe Transport { get; set; }

    /// <summary>Ends when Orleans needs the link no more.</summary>
    public Task Ended => _ended.Task;

    public override void Abort(ConnectionAbortedException abortReason) => Abort();

    public override void Abort()
    {
        if (Interlocked.Exchange(ref _isAborted, 1) == 0) _closing = _closed.CancelAsync(); // Not here: who listens waits for what its caller does next.
    }

    public override async ValueTask DisposeAsync()
    {
        Abort();
        await _closing.ConfigureAwait(false);
        await _link.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
        _closed.Dispose();
        _ended.TrySetResult();
    }
}
