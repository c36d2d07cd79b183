using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>Sends requests, tries again by the rule, and turns refusals into <see cref="ApiProblemException"/>.</summary>
internal sealed class ApiConnection(HttpClient http, ClientOptions options)
{
    /// <summary>Characters of an answer that is no problem document; enough for a proxy's error page to be recognised.</summary>
    private const int MaxForeignDetail = 300;

    private readonly RetryRule _retry = new(options);

    /// <summary>Sends and reads a JSON answer.</summary>
    public async Task<T> SendAsync<T>(ApiRequest request, JsonTypeInfo<T> answer, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync(answer, cancellationToken).ConfigureAwait(false)
            ?? throw new JsonException("The server answered null.");
    }

    /// <summary>A wait on the clock of the options.</summary>
    public Task PauseAsync(TimeSpan time, CancellationToken cancellationToken) => Task.Delay(time, options.Time, cancellationToken);

    /// <summary>Sends a request whose answer has no body.</summary>
    public async Task SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends and returns the answer, which the caller disposes.</summary>
    public async Task<HttpResponseMessage> SendAsync(ApiRequest request, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            (HttpResponseMessage? response, TimeSpan delay) = await TryAsync(request, attempt, completion, cancellationToken).ConfigureAwait(false);
            if (response is not null) return response;
            await Task.Delay(delay, options.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One try: the answer, or how long to wait before the next.</summary>
    private async Task<Attempt> TryAsync(ApiRequest request, int attempt, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = request.ToMessage(options);
        HttpResponseMessage response;
        TimeSpan? delay = null;
        try
        {
            response = await SendAsync(message, completion, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException error) when ((delay = _retry.NextDelay(attempt, request.IsRepeatable, error)) is not null)
        {
            return new Attempt(null, delay.Value);
        }

        if (response.IsSuccessStatusCode) return new Attempt(response, TimeSpan.Zero);
        using (response)
        {
            TimeSpan? retryAfter = RetryAfter(response.Headers);
            delay = _retry.NextDelay(attempt, request.IsRepeatable, response.StatusCode, retryAfter);
            return delay is { } wait
                ? new Attempt(null, wait)
                : throw new ApiProblemException(await ReadProblemAsync(response, cancellationToken).ConfigureAwait(false), retryAfter);
        }
    }

    /// <exception cref="HttpRequestException">Also for a connection that is gone at the moment it was made, which the platform tells as a bare <see cref="SocketException"/>.</exception>
    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        try
        {
            return await http.SendAsync(message, completion, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException error)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, error.Message, error);
        }
    }

    private TimeSpan? RetryAfter(HttpResponseHeaders headers)
    {
        if (headers.RetryAfter?.Delta is { } delta) return delta;
        if (headers.RetryAfter?.Date is not { } date) return null;
        TimeSpan left = date - options.Time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static async Task<Problem> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json" && TryParse(text) is { } problem) return problem;
        return new Problem(null, response.ReasonPhrase, (int)response.StatusCode, text.Length > MaxForeignDetail ? text[..MaxForeignDetail] : text);
    }

    private static Problem? TryParse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, ClientJson.Default.Problem);
        }
        catch (JsonException)
        {
            return null; // Something between us and the server answered; the caller gets its text.
        }
    }

    private readonly record struct Attempt(HttpResponseMessage? Response, TimeSpan Delay);
}
