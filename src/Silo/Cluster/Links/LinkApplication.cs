using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using LatentDb.MemoryStore.Links;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace LatentDb.Silo.Cluster.Links;

/// <summary>All that is served on the cluster's addresses: POST /links/{channel} of a caller whose seal holds. Anything else is 401, and learns nothing.</summary>
#pragma warning disable CA1001 // Its source of cancellation has no timer and nothing linked: there is nothing to give back.
internal sealed partial class LinkApplication : IHttpApplication<HttpContext>
#pragma warning restore CA1001
{
    private const string Path = "/links/";

    /// <summary>A caller closes its side as soon as it has heard the end; one that does not is given up.</summary>
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly FrozenDictionary<int, ILinkService> _services;
    private readonly LinkSeal _seal;
    private readonly SeenNonces _seen;
    private readonly Func<string> _address;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();

    /// <param name="services">One for each channel.</param>
    /// <param name="seal">Knows the cluster's key.</param>
    /// <param name="seen">Seals that were used.</param>
    /// <param name="address">What other silos call this one.</param>
    /// <param name="time">Measures how long a caller may take to close.</param>
    /// <param name="logger">Told of refusals and defects.</param>
    public LinkApplication(IEnumerable<ILinkService> services, LinkSeal seal, SeenNonces seen, Func<string> address, TimeProvider time, ILogger logger)
    {
        _services = services.ToFrozenDictionary(s => (int)s.Channel);
        (_seal, _seen, _address, _time, _logger) = (seal, seen, address, time, logger);
    }

    /// <summary>The silo stops: nobody waits for another call, or for a caller to close.</summary>
    public void EndIdle()
    {
        _stopping.Cancel();
        foreach (ILinkService service in _services.Values) service.EndIdle();
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // The server's features are its own.
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        if (!TryAdmit(context, out LinkSeal.Shown? shown, out int channel))
        {
            LogRefused(_logger, context.Connection.RemoteIpAddress?.ToString() ?? "unknown");
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (!_services.TryGetValue(channel, out ILinkService? service))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.Headers[LinkSeal.SealHeader] = _seal.Answer(shown!, channel, _address());
        await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false); // The start alone may wait for the first byte of the body.
        await ServeAsync(context, service).ConfigureAwait(false);
    }

    private async Task ServeAsync(HttpContext context, ILinkService service)
    {
        using var stream = new LinkStream(context.Request.Body, context.Response.Body, static () => { }, writesFlush: true);
        try
        {
            await service.ServeAsync(stream, context.RequestAborted).ConfigureAwait(false);
            await AwaitCloseAsync(context).ConfigureAwait(false);
        }
        catch (Exception error) when (error is LinkBrokenException or OperationCanceledException or IOException)
        {
            context.Abort();
        }
#pragma warning disable CA1031 // The edge of a silo: a defect ends its stream and is logged, and the listener goes on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogBroken(_logger, service.Channel, error);
            context.Abort();
        }
    }

    /// <summary>
    /// The server counts a stream whose request has not ended for seconds after its answer, and refuses new ones when there are hundreds: so the answer
    /// ends after the request. The caller does not wait for it.
    /// </summary>
    private async Task AwaitCloseAsync(HttpContext context)
    {
        using var limit = new CancellationTokenSource(CloseLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.RequestAborted, _stopping.Token);
        byte[] rest = ArrayPool<byte>.Shared.Rent(1024);
        try
        {
            while (await context.Request.Body.ReadAsync(rest, either.Token).ConfigureAwait(false) > 0)
            {
                // What a caller said beyond the end of its call is of no meaning.
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rest);
        }
    }

    private bool TryAdmit(HttpContext context, out LinkSeal.Shown? shown, out int channel)
    {
        IHeaderDictionary headers = context.Request.Headers;
        shown = new LinkSeal.Shown(headers[LinkSeal.TimeHeader].ToString(), headers[LinkSeal.NonceHeader].ToString(), headers[LinkSeal.SealHeader].ToString());
        channel = 0;
        string path = context.Request.Path.Value ?? string.Empty;
        bool isLink = HttpMethods.IsPost(context.Request.Method) && path.StartsWith(Path, StringComparison.Ordinal)
            && int.TryParse(path.AsSpan(Path.Length), NumberStyles.None, CultureInfo.InvariantCulture, out channel);
        return isLink && _seal.Holds(shown, channel, _address()) && _seen.TryAdd(shown.Nonce);
    }

    [LoggerMessage(4301, LogLevel.Warning, "Somebody at {Address} asked for a link and does not belong to the cluster, or its clock is wrong.")]
    private static partial void LogRefused(ILogger logger, string address);

    [LoggerMessage(4302, LogLevel.Error, "A link on channel {Channel} met a defect.")]
    private static partial void LogBroken(ILogger logger, LinkChannel channel, Exception error);
}
