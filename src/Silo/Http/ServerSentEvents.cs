using System.Text.Json;

namespace LatentDb.Silo.Http;

/// <summary>Writes a stream of server-sent events; each is flushed at once.</summary>
internal sealed class ServerSentEvents(HttpContext context)
{
    public void Begin()
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <summary>The data is one line of JSON, so it needs no escaping of line ends.</summary>
    public Task WriteAsync<T>(string name, T data, CancellationToken cancellationToken) =>
        SendAsync($"event: {name}\ndata: {JsonSerializer.Serialize(data, ApiJson.Options)}\n\n", cancellationToken);

    /// <summary>An event without a name.</summary>
    public Task WriteDataAsync<T>(T data, CancellationToken cancellationToken) =>
        SendAsync($"data: {JsonSerializer.Serialize(data, ApiJson.Options)}\n\n", cancellationToken);

    /// <summary>The event that ends a stream in OpenAI's protocol; its data is no JSON.</summary>
    public Task WriteDoneAsync(CancellationToken cancellationToken) => SendAsync("data: [DONE]\n\n", cancellationToken);

    private async Task SendAsync(string lines, CancellationToken cancellationToken)
    {
        await context.Response.WriteAsync(lines, cancellationToken).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
