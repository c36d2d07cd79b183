using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace LatentDb.Silo.Limits;

/// <summary>Bounds of connections, against clients that are slow, greedy or many.</summary>
internal static class ConnectionLimits
{
    /// <summary>Connections at once; one more is closed. Some 20 KiB each when idle.</summary>
    private const int MaxConnections = 4096;

    /// <summary>Requests at once over one HTTP/2 connection; Kestrel's 100 would let few connections take all places at the model.</summary>
    private const int MaxStreams = 64;

    /// <summary>Bytes that are read ahead from a connection whose request does not read them; Kestrel's megabyte would be 4 GiB over all connections.</summary>
    private const int ReadAheadBytes = 128 * 1024;

    /// <summary>A client has this long to send the head of a request.</summary>
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A connection without a request is closed after this: idle ones of an attacker are gone within 40 s, and pools of clients open others.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);

    /// <summary>A body that comes slower than a poor mobile link, for longer than a hiccup, is given up: bytes a second, and for how long it may.</summary>
    private static readonly MinDataRate BodyRate = new(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(10));

    public static void Apply(KestrelServerLimits limits)
    {
        limits.MaxConcurrentConnections = MaxConnections;
        limits.MaxRequestBufferSize = ReadAheadBytes;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.RequestHeadersTimeout = HeadersTimeout;
        limits.KeepAliveTimeout = KeepAlive;
        limits.MinRequestBodyDataRate = BodyRate;
        limits.Http2.MaxStreamsPerConnection = MaxStreams;
    }
}
