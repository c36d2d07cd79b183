using System.Net.Http.Headers;
using System.Net.Http.Json;
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

    /// <summary>Sends and returns the answer, which the caller disposes.</summary>
    public async Task<HttpResponseMessage> SendAsync(ApiRequest request, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            using HttpRequestMessage message = request.ToMessage();
            HttpResponseMessage response = await http.SendAsync(message, completion, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode) return response;
            using (response)
            {
                TimeSpan? retryAfter = RetryAfter(response.Headers);
                if (_retry.NextDelay(attempt, request.IsRepeatable, response.StatusCode, retryAfter) is not { } delay)
                {
                    throw new ApiProblemException(await ReadProblemAsync(response, cancellationToken).ConfigureAwait(false), retryAfter);
                }

                await Task.Delay(delay, options.Time, cancellationToken).ConfigureAwait(false);
            }
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
}

/// <summary>A request that can be made into a message as often as it is sent.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">Path and query under the server's address.</param>
/// <param name="IsRepeatable">Sending it twice does no harm.</param>
internal sealed record ApiRequest(HttpMethod Method, string Path, bool IsRepeatable)
{
    public Func<HttpContent>? Body { get; init; }

    public WriteOptions? Write { get; init; }

    /// <summary>Further headers.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers { get; init; } = [];

    public HttpRequestMessage ToMessage()
    {
        var message = new HttpRequestMessage(Method, new Uri(Path, UriKind.Relative)) { Content = Body?.Invoke() };
        if (Write?.IfVersion is { } version) message.Headers.TryAddWithoutValidation("If-Match", $"\"v{version}\"");
        if (Write?.IdempotencyKey is { } key) message.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        foreach ((string name, string value) in Headers) message.Headers.TryAddWithoutValidation(name, value);
        return message;
    }
}
