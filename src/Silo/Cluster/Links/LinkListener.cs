using System.Net;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace LatentDb.Silo.Cluster.Links;

/// <summary>
/// The server that other silos talk to: addresses, limits and connections of its own, apart from those of clients. It starts before the silo is announced
/// and is the last to stop, because others read blocks from a silo that drains.
/// </summary>
internal sealed class LinkListener : IAsyncDisposable
{
    /// <summary>Streams at once over one connection; a caller opens another connection beyond it.</summary>
    private const int MaxStreams = 256;

    /// <summary>Connections at once: each silo has one, or a few under load.</summary>
    private const int MaxConnections = 4096;

    /// <summary>As the caller's window: see there.</summary>
    private const int WindowBytes = 1 << 20;

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);

    private readonly KestrelServer _server;
    private readonly LinkApplication _application;
    private readonly string _advertised;
    private bool _isStarted;

    /// <param name="urls">Where to listen, separated by semicolons.</param>
    /// <param name="advertised">What other silos call this one; empty = the first address that it listens on.</param>
    /// <param name="links">What is served.</param>
    /// <param name="seal">Who may come in.</param>
    /// <param name="tls">For https addresses; null = there are none.</param>
    /// <param name="time">What makes a seal old.</param>
    /// <param name="loggers">For the server and its application.</param>
    /// <param name="host">Where the server finds what it needs for https: the services of a web application; null = it has no https addresses.</param>
    public LinkListener(
        string urls,
        string advertised,
        IEnumerable<ILinkService> links,
        LinkSeal seal,
        HttpsConnectionAdapterOptions? tls,
        TimeProvider time,
        ILoggerFactory loggers,
        IServiceProvider? host = null)
    {
        _advertised = advertised;
        var options = new KestrelServerOptions { AddServerHeader = false };
        if (host is not null) options.ApplicationServices = host;
        options.Limits.MaxConcurrentConnections = MaxConnections;
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null; // A stream may be silent for as long as the model computes.
        options.Limits.MinResponseDataRate = null;
        options.Limits.MaxResponseBufferSize = WindowBytes; // So much may wait for the network before the sender does.
        options.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
        options.Limits.Http2.InitialStreamWindowSize = WindowBytes;
        options.Limits.Http2.InitialConnectionWindowSize = 8 * WindowBytes;
        foreach (string url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) Listen(options, new Uri(url), tls);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers);
        _server = new KestrelServer(Options.Create(options), transport, loggers);
        _application = new LinkApplication(links, seal, new SeenNonces(time), () => Address, time, loggers.CreateLogger<LinkListener>());
    }

    /// <summary>What other silos call this one; known once it is started.</summary>
    public string Address { get; private set; } = string.Empty;

    /// <exception cref="LatentDbException">configuration_invalid: the address is taken or is not this machine's.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_isStarted) return;
        _isStarted = true;
        try
        {
            await _server.StartAsync(_application, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or AddressInUseException or System.Net.Sockets.SocketException)
        {
            throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"The cluster's address cannot be listened on: {error.Message}", error);
        }

        string first = _server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? string.Empty;
        Address = _advertised.Length > 0 ? _advertised : new Uri(first).Authority;
    }

    /// <summary>Ends all links after a moment.</summary>
    public async Task StopAsync()
    {
        if (!_isStarted) return;
        _application.EndIdle();
        using var limit = new CancellationTokenSource(StopLimit);
        await _server.StopAsync(limit.Token).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _server.Dispose();
    }

    private static void Listen(KestrelServerOptions options, Uri url, HttpsConnectionAdapterOptions? tls)
    {
        Action<ListenOptions> configure = listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (url.Scheme == Uri.UriSchemeHttps) listen.UseHttps(tls ?? throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"The cluster's address {url} needs ClusterCertificate."));
        };
        if (IPAddress.TryParse(url.Host.Trim('[', ']'), out IPAddress? address)) options.Listen(address, url.Port, configure);
        else if (url.Host == "localhost") options.Listen(IPAddress.Loopback, url.Port, configure);
        else options.ListenAnyIP(url.Port, configure);
    }
}
