using System.Buffers;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;

namespace LatentDb.ModelHost.Remote;

/// <summary>One call at one silo: its stream, its place in the silo's count, and the end of both when the silo leaves the cluster.</summary>
internal sealed class RemoteCall(ModelSilos.SiloUse use, RemoteLink link) : IDisposable
{
    public ModelSilo Silo => use.Silo;

    /// <summary>What broke may be no more than an old stream: the silo is worth another one.</summary>
    public bool IsStale => link.IsStale;

    /// <summary>Works on the call; a silo that leaves the cluster meanwhile is one that broke.</summary>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Silo.Gone);
        try
        {
            return await work(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (Silo.Gone.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ElsewhereException(new LatentDbException(ErrorCode.SiloUnreachable, $"Silo {Silo.Name} has left the cluster."), wasLost: true);
        }
    }

    public ValueTask SendAsync<T>(byte kind, T value, Action<IBufferWriter<byte>, T> write, CancellationToken cancellationToken) => link.SendAsync(kind, value, write, cancellationToken);

    /// <summary>The next message, which must be there.</summary>
    public async ValueTask<LinkFrame> ReceiveAsync(CancellationToken cancellationToken) =>
        await link.ReceiveAsync(cancellationToken).ConfigureAwait(false) ?? throw RemoteLink.Nonsense("the end of a call before its answer");

    /// <summary>The other side says that this was all.</summary>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (await link.ReceiveAsync(cancellationToken).ConfigureAwait(false) is not null) throw RemoteLink.Nonsense("more than an answer");
    }

    public void Dispose()
    {
        link.Dispose();
        use.Dispose();
    }
}
