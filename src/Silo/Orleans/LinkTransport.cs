using System.Net;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using Microsoft.AspNetCore.Connections;
using Orleans.Runtime;
using Channels = System.Threading.Channels.Channel;

namespace LatentDb.Silo.Orleans;

/// <summary>
/// Orleans' connections as links between silos: authenticated, and encrypted where links are, and without a port of their own. Orleans calls a silo by an
/// address of IP; its members' names lead to the addresses of links. Thread-safe.
/// </summary>
internal sealed class LinkTransport(ISiloLinks links, IClusterView cluster, Func<IClusterMembershipService> members) : IConnectionFactory, IConnectionListenerFactory, IConnectionListener, ILinkService
{
    /// <summary>Connections that have come and were not taken; each silo opens one at a time.</summary>
    private const int MaxWaiting = 1024;

    private readonly System.Threading.Channels.Channel<LinkConnection> _waiting = Channels.CreateBounded<LinkConnection>(MaxWaiting);

    /// <inheritdoc/>
    public LinkChannel Channel => LinkChannel.Messages;

    /// <inheritdoc/>
    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.None, 0);

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            return new LinkConnection(await links.OpenAsync(AddressOf(endpoint), Channel, cancellationToken).ConfigureAwait(false), endpoint);
        }
        catch (LatentDbException error)
        {
            throw new ConnectionAbortedException(error.Message, error);
        }
    }

    /// <summary>Nothing is bound: the links listen already.</summary>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint;
        return ValueTask.FromResult<IConnectionListener>(this);
    }

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _waiting.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_waiting.Reader.TryRead(out LinkConnection? connection)) return connection;
        }

        return null;
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _waiting.Writer.TryComplete();
        while (_waiting.Reader.TryRead(out LinkConnection? connection)) await connection.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => UnbindAsync();

    /// <summary>A connection that comes while Orleans has not begun here waits for it, or until its silo gives up.</summary>
    public async Task ServeAsync(Stream stream, CancellationToken cancellationToken)
    {
        var connection = new LinkConnection(stream, remote: null);
        CancellationTokenRegistration cut = cancellationToken.UnsafeRegister(static state => ((LinkConnection)state!).Abort(), connection);
        await using (cut.ConfigureAwait(false))
        {
            if (_waiting.Writer.TryWrite(connection)) await connection.Ended.ConfigureAwait(false);
            else await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The newest member of that address: an earlier process may still be in the list. One that nobody knows is called as it is.</summary>
    private string AddressOf(EndPoint endpoint)
    {
        ClusterMember? member = members().CurrentSnapshot.Members.Values.Where(member => member.SiloAddress.Endpoint.Equals(endpoint)).MaxBy(member => member.SiloAddress.Generation);
        return (member is null ? null : cluster.Current.Find(member.Name)?.Address) ?? endpoint.ToString()!;
    }
}
