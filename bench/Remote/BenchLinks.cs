using LatentDb.MemoryStore.Links;
using LatentDb.Silo.Cluster.Links;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.Remote;

/// <summary>The server's own links: HTTP/2 with seals, without TLS.</summary>
internal static class BenchLinks
{
    private static readonly LinkSeal Seal = new("the-key-of-a-cluster-that-only-measures", TimeProvider.System);

    /// <summary>Ways to others.</summary>
    public static SiloLinks Ways() => new(Seal, tls: null, TimeProvider.System);

    /// <summary>A listener at a port of the system's choice.</summary>
    public static async Task<LinkListener> ServeAsync(params ILinkService[] services)
    {
        var listener = new LinkListener("http://127.0.0.1:0", advertised: string.Empty, services, Seal, tls: null, TimeProvider.System, NullLoggerFactory.Instance);
        await listener.StartAsync(CancellationToken.None);
        return listener;
    }
}
