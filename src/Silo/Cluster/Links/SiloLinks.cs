using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;

namespace LatentDb.Silo.Cluster.Links;

/// <summary>
/// Links over HTTP/2: one stream of one connection each, with its own flow control; connections are pooled and pinged. A link counts as open when the other
/// silo has answered to the head of the request: before that it has been sent nothing that it could act upon. Thread-safe.
/// </summary>
internal sealed class SiloLinks : ISiloLinks, IDisposable
{
    /// <summary>A slice of a block crosses a network of 10 Gbit/s and 1 ms in windows of this size without a pause.</summary>
    private const int WindowBytes = 1 << 20;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);

    /// <summary>Connection, TLS and the answer to the head.</summary>
    private static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(5);

    /// <summary>A silo whose machine is gone without a word is noticed within this and the next.</summary>
    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan PingLimit = TimeSpan.FromSeconds(4);

    private readonly LinkSeal _seal;
    private readonly string _scheme;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;

    /// <param name="seal">Shows that this silo belongs to the cluster.</param>
    /// <param name="tls">For https; null = plain HTTP/2.</param>
    /// <param name="time">Measures how long opening takes.</param>
    public SiloLinks(LinkSeal seal, SslClientAuthenticationOptions? tls, TimeProvider time)
    {
        _seal = seal;
        _scheme = tls is null ? "http" : "https";
        _time = time;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ConnectLimit,
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = WindowBytes,
            KeepAlivePingDelay = PingEvery,
            KeepAlivePingTimeout = PingLimit,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null, // Calls carry their trace themselves.
        };
        if (tls is not null) handler.SslOptions = tls;
        _http = new HttpMessageInvoker(handler);
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenAsync(string address, LinkChannel channel, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(OpenLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await OpenOnceAsync(address, channel, either.Token).ConfigureAwait(false);
        }
        // A bare SocketException comes from a connection that is gone at the moment it was made.
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException or OperationCanceledException or UriFormatException && !cancellationToken.IsCancellationRequested)
        {
            throw Unreachable(address, "cannot be reached", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<Stream> OpenOnceAsync(string address, LinkChannel channel, CancellationToken cancellationToken)
    {
        LinkSeal.Shown shown = _seal.Show((int)channel, address);
        var content = new LinkContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, Target(address, channel))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.Add(LinkSeal.TimeHeader, shown.Time);
        request.Headers.Add(LinkSeal.NonceHeader, shown.Nonce);
        request.Headers.Add(LinkSeal.SealHeader, shown.Seal);
        // The token of a request also ends what is sent later on, so it must be one that lives as long as the stream; the opening's own only cancels it.
        var life = new CancellationTokenSource();
        HttpResponseMessage? response = null;
        try
        {
            using CancellationTokenRegistration opening = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), life);
            response = await _http.SendAsync(request, life.Token).ConfigureAwait(false);
            Check(response, shown, channel, address);
            Stream reading = await response.Content.ReadAsStreamAsync(life.Token).ConfigureAwait(false);
            Stream writing = await content.Opened.WaitAsync(life.Token).ConfigureAwait(false);
            HttpResponseMessage opened = response;
            request.Content = null; // Else it would end with the request.
            return new LinkStream(reading, writing, () => Close(content, opened, life));
        }
        catch
        {
            Close(content, response, life);
            throw;
        }
    }

    private static void Close(LinkContent content, HttpResponseMessage? response, CancellationTokenSource life)
    {
        content.Close();
        response?.Dispose();
        content.Dispose();
        life.Dispose();
    }

    private void Check(HttpResponseMessage response, LinkSeal.Shown shown, LinkChannel channel, string address)
    {
        if (response.StatusCode == HttpStatusCode.Unauthorized) throw Unreachable(address, "does not accept this silo's seal: the cluster's key, the clocks or its address differ");
        if (response.StatusCode != HttpStatusCode.OK) throw Unreachable(address, $"answers {(int)response.StatusCode} on channel {channel}");
        string? answer = response.Headers.TryGetValues(LinkSeal.SealHeader, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
        if (!_seal.IsAnswer(answer, shown, (int)channel, address)) throw Unreachable(address, "does not know the cluster's key");
    }

    private Uri Target(string address, LinkChannel channel)
    {
        string root = address.Contains("://", StringComparison.Ordinal) ? address.TrimEnd('/') : $"{_scheme}://{address}";
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"{root}/links/{(int)channel}"));
    }

    private static LatentDbException Unreachable(string address, string how, Exception? inner = null) =>
        new(ErrorCode.SiloUnreachable, $"The silo at {address} {how}.", inner);
}
