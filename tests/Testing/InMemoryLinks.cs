using System.Collections.Concurrent;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;

namespace LatentDb.Testing;

/// <summary>
/// Links between silos that are objects of one test. A silo can be killed at an exact write of its links, and the way between two be cut; what was written
/// before the cut may still be read, as with a real network.
/// </summary>
public sealed class InMemoryLinks : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Address, LinkChannel Channel), ILinkService> _services = [];
    private readonly HashSet<(string From, string To)> _cuts = [];
    private readonly Dictionary<string, int> _writesLeft = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _writes = new(StringComparer.Ordinal);
    private readonly List<InMemoryLink> _links = [];
    private readonly ConcurrentBag<Task> _served = [];

    /// <summary>Streams that are open now; a test that leaks none ends with zero.</summary>
    public int OpenCount
    {
        get
        {
            lock (_lock) return _links.Count;
        }
    }

    /// <summary>What a service threw, cuts and cancelled calls excepted.</summary>
    public ConcurrentQueue<Exception> Defects { get; } = [];

    /// <summary>A silo at that address answers on the service's channel from now on; it is reachable again if it was killed.</summary>
    public void Serve(string address, ILinkService service)
    {
        lock (_lock)
        {
            _services[(address, service.Channel)] = service;
            _writesLeft.Remove(address);
        }
    }

    /// <summary>The ways out of one silo.</summary>
    public ISiloLinks From(string address) => new Ways(this, address);

    /// <summary>The process is gone: its streams break, and nobody reaches it.</summary>
    public void Kill(string address) => KillAfter(address, 0);

    /// <summary>The process will be gone in the place of a coming write on its streams, in either direction: 1 = the next one, 0 = at once.</summary>
    public void KillAfter(string address, int writes)
    {
        lock (_lock) _writesLeft[address] = writes;
        if (writes == 0) Break(link => link.Touches(address));
    }

    /// <summary>Neither of the two reaches the other from now on; streams between them break.</summary>
    public void Cut(string one, string other)
    {
        lock (_lock) _cuts.UnionWith([(one, other), (other, one)]);
        Break(link => link.Touches(one) && link.Touches(other));
    }

    /// <summary>The way between the two is there again.</summary>
    public void Join(string one, string other)
    {
        lock (_lock) _cuts.ExceptWith([(one, other), (other, one)]);
    }

    /// <summary>Writes on streams of that silo so far, in both directions: how many places there are to kill it at.</summary>
    public int WritesOf(string address)
    {
        lock (_lock) return _writes.GetValueOrDefault(address);
    }

    public async ValueTask DisposeAsync()
    {
        Break(_ => true);
        await Task.WhenAll(_served);
    }

    /// <summary>False when the write is the one at which a silo ends.</summary>
    internal bool Allows(InMemoryLink link)
    {
        string? killed = null;
        lock (_lock)
        {
            foreach (string address in link.Ends)
            {
                _writes[address] = _writes.GetValueOrDefault(address) + 1;
                if (!_writesLeft.TryGetValue(address, out int left)) continue;
                _writesLeft[address] = Math.Max(left - 1, 0);
                if (left <= 1) killed = address;
            }
        }

        if (killed is null) return true;
        Kill(killed);
        return false;
    }

    internal void Forget(InMemoryLink link)
    {
        lock (_lock) _links.Remove(link);
    }

    private Stream Open(string from, string to, LinkChannel channel)
    {
        lock (_lock)
        {
            bool isGone = _writesLeft.GetValueOrDefault(to, -1) == 0 || _writesLeft.GetValueOrDefault(from, -1) == 0 || _cuts.Contains((from, to));
            if (isGone || !_services.TryGetValue((to, channel), out ILinkService? service))
            {
                throw new LatentDbException(ErrorCode.SiloUnreachable, $"The silo at {to} cannot be reached.");
            }

            var link = new InMemoryLink(this, from, to);
            _links.Add(link);
            _served.Add(Task.Run(() => ServeAsync(service, link), CancellationToken.None));
            return link.Caller;
        }
    }

    private async Task ServeAsync(ILinkService service, InMemoryLink link)
    {
        try
        {
            await service.ServeAsync(link.Server, link.CallerGone);
            link.EndServer(null);
        }
        catch (Exception error)
        {
            if (error is not (LinkBrokenException or OperationCanceledException)) Defects.Enqueue(error);
            link.EndServer(new IOException("The other silo broke off."));
        }
    }

    private void Break(Func<InMemoryLink, bool> isMeant)
    {
        InMemoryLink[] meant;
        lock (_lock) meant = [.. _links.Where(isMeant)];
        foreach (InMemoryLink link in meant) link.Break();
    }

    private sealed class Ways(InMemoryLinks links, string from) : ISiloLinks
    {
        public ValueTask<Stream> OpenAsync(string address, LinkChannel channel, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ValueTask.FromResult(links.Open(from, address, channel));
        }
    }
}
