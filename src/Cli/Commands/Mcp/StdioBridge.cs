using System.Collections.Concurrent;
using System.Net;
using System.Net.ServerSentEvents;
using System.Text;

namespace LatentDb.Cli.Commands.Mcp;

/// <summary>
/// Carries messages between standard streams and the server's /mcp: a line is a request, and what is answered is a line. The tools are defined in the
/// server alone, so this program knows none of them and never lags behind.
/// </summary>
internal sealed class StdioBridge(HttpClient http, TextWriter output) : IDisposable
{
    /// <summary>Calls that may be under way; the next line waits. More than a host asks for at once, fewer than a server takes.</summary>
    private const int MaxCalls = 64;

    private static readonly Uri Path = new("mcp", UriKind.Relative);

    private readonly ConcurrentDictionary<string, CancellationTokenSource> _calls = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _places = new(MaxCalls);
    private readonly SemaphoreSlim _pen = new(1);
    private volatile string? _revision;

    /// <summary>Until the input ends and every call that it began is answered.</summary>
    public async Task RunAsync(TextReader input, CancellationToken cancellationToken)
    {
        var running = new ConcurrentDictionary<Task, bool>();
        while (await input.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            BridgeMessage message = BridgeMessage.Read(line);
            if (message.Cancels is { } id)
            {
                if (_calls.TryGetValue(id, out CancellationTokenSource? call)) await call.CancelAsync().ConfigureAwait(false);
                continue;
            }

            await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
            Task carrying = CarryAsync(message, cancellationToken);
            running[carrying] = true;
            foreach (Task done in running.Keys.Where(t => t.IsCompleted)) running.TryRemove(done, out _);
        }

        await Task.WhenAll(running.Keys).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _places.Dispose();
        _pen.Dispose();
    }

    private async Task CarryAsync(BridgeMessage message, CancellationToken stopping)
    {
        using var call = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        bool isKnown = message.Id is { } id && _calls.TryAdd(id, call);
        try
        {
            await SendAsync(message, call.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (call.IsCancellationRequested)
        {
            // The host wants no answer any more; the broken connection has told the server.
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            await RefuseAsync(message, $"The server cannot be reached: {error.Message}. Start it with 'latentdb serve', or name another with --server.").ConfigureAwait(false);
        }
        finally
        {
            if (isKnown) _calls.TryRemove(message.Id!, out _);
            _places.Release();
        }
    }

    private async Task SendAsync(BridgeMessage message, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(message.Line, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        foreach ((string name, string value) in message.Headers(_revision)) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        string? type = response.Content.Headers.ContentType?.MediaType;
        if (type == "text/event-stream")
        {
            await RelayAsync(response.Content, cancellationToken).ConfigureAwait(false);
            return;
        }

        string body = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        if (type == "application/json" && body.StartsWith('{')) await WriteAsync(body).ConfigureAwait(false);
        else if (response.StatusCode != HttpStatusCode.Accepted) await RefuseAsync(message, BridgeMessage.ReasonOf(response.StatusCode, body)).ConfigureAwait(false);
    }

    private async Task RelayAsync(HttpContent content, CancellationToken cancellationToken)
    {
        Stream stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(cancellationToken).ConfigureAwait(false))
            {
                if (item.Data.Length == 0) continue;
                _revision ??= BridgeMessage.NegotiatedIn(item.Data);
                await WriteAsync(item.Data).ConfigureAwait(false);
            }
        }
    }

    private Task RefuseAsync(BridgeMessage message, string reason) =>
        message.Refusal(reason) is { } answer ? WriteAsync(answer) : Console.Error.WriteLineAsync($"latentdb: {reason}");

    /// <summary>JSON on one line, as the server writes it; answers of several calls must not mix.</summary>
    private async Task WriteAsync(string line)
    {
        await _pen.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await output.WriteLineAsync(line).ConfigureAwait(false);
        }
        finally
        {
            _pen.Release();
        }
    }
}
