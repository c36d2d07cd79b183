using LatentDb.MemoryStore.Links;
using LatentDb.Silo.Cluster.Links;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.Silo.Tests.Cluster;

/// <summary>A silo's listener and the ways to it, in one process over real sockets.</summary>
internal sealed class LinkEnds : IAsyncDisposable
{
    public const string Key = "a-key-of-a-cluster-that-is-long-enough";

    private LinkEnds(LinkListener listener, SiloLinks links) => (Listener, Links) = (listener, links);

    public LinkListener Listener { get; }

    public SiloLinks Links { get; }

    public string Address => Listener.Address;

    public static async Task<LinkEnds> StartAsync(ILinkService service, string callersKey = Key, TimeProvider? callersTime = null)
    {
        var listener = new LinkListener("http://127.0.0.1:0", advertised: "", [service], new LinkSeal(Key, TimeProvider.System), tls: null, TimeProvider.System, NullLoggerFactory.Instance);
        await listener.StartAsync(CancellationToken.None);
        return new LinkEnds(listener, new SiloLinks(new LinkSeal(callersKey, callersTime ?? TimeProvider.System), tls: null, TimeProvider.System));
    }

    public async ValueTask DisposeAsync()
    {
        Links.Dispose();
        await Listener.DisposeAsync();
    }
}
