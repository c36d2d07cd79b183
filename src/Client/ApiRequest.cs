using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>A request that can be made into a message as often as it is sent.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">Path and query under the server's address.</param>
/// <param name="IsRepeatable">Sending it twice does no harm.</param>
internal sealed record ApiRequest(HttpMethod Method, string Path, bool IsRepeatable)
{
    public Func<HttpContent>? Body { get; init; }

    /// <summary>Further headers.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>A read: may be sent as often as one likes.</summary>
    public static ApiRequest Get(string path) => new(HttpMethod.Get, path, IsRepeatable: true);

    /// <summary>A change. Under an idempotency key it may be sent twice, so it gets one when the caller has given none.</summary>
    public static ApiRequest Write(HttpMethod method, string path, WriteOptions? options)
    {
        List<KeyValuePair<string, string>> headers = [new("Idempotency-Key", options?.IdempotencyKey ?? Guid.NewGuid().ToString())];
        if (options?.IfVersion is { } version) headers.Add(new("If-Match", $"\"v{version}\""));
        return new ApiRequest(method, path, IsRepeatable: true) { Headers = headers };
    }

    /// <summary>The same with a JSON body.</summary>
    public ApiRequest With<T>(T body, JsonTypeInfo<T> type) => this with { Body = () => JsonContent.Create(body, type) };

    public ApiRequest With(IEnumerable<KeyValuePair<string, string>> headers) => this with { Headers = [.. Headers, .. headers] };

    public HttpRequestMessage ToMessage(ClientOptions options)
    {
        var message = new HttpRequestMessage(Method, new Uri(Path, UriKind.Relative)) { Content = Body?.Invoke() };
        if (options.ApiKey is { } key) message.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        if (options.Tenant is { } tenant) message.Headers.TryAddWithoutValidation("X-Tenant-Id", tenant);
        foreach ((string name, string value) in Headers) message.Headers.TryAddWithoutValidation(name, value);
        return message;
    }
}
