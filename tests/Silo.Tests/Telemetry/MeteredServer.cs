using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Telemetry;

/// <summary>A server in a process of its own: instruments belong to the process, and in that of the tests many servers would write into them.</summary>
public sealed class MeteredServer : IAsyncLifetime, IDisposable
{
    public const string OpenMetrics = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

    private readonly TempFolder _data = new();
    private SiloProcess _process = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        foreach (string place in (string[])["place", "keys"]) Directory.CreateDirectory(_data.Combine(place));
        _process = await SiloProcess.StartAsync(_data.Combine("data"), null, "--backup-place", _data.Combine("place"), "--backup-keys-place", _data.Combine("keys"));
        _http = new HttpClient { BaseAddress = _process.Address };
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!(await _http.GetAsync("/readyz", limit.Token)).IsSuccessStatusCode) await Task.Delay(10, limit.Token);
        (await PostAsync("/v1/memories", """{"id":"bob"}""")).Require(201);
    }

    public async Task DisposeAsync() => await _process.DisposeAsync();

    public void Dispose()
    {
        _http.Dispose();
        _data.Dispose();
    }

    /// <summary>Something of everything: writes, answers, a refusal, a scrub and a pass of compaction.</summary>
    internal async Task TrafficAsync()
    {
        (_, (string, string) header) = SpanCollector.NewTrace();
        (await PostAsync("/v1/memories/bob/inject", """{"text":"Maria lives in Lisbon."}""")).Require(200);
        (await PostAsync("/v1/memories/bob/query", """{"prompt":"Where does Maria live?","max_tokens":4}""", header)).Require(200);
        (await PostAsync("/v1/memories/nobody/rollback", """{"to":"1"}""")).Require(404);
        (await PostAsync("/v1/admin/store/compact", "{}")).Require(200);
    }

    internal Task<Reply> ScrapeAsync(string? accept) => SendAsync(HttpMethod.Get, "/metrics", null, accept is null ? [] : [("Accept", accept)]);

    internal Task<Reply> PostAsync(string path, string json, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, path, RunningSilo.Json(json), headers);

    private async Task<Reply> SendAsync(HttpMethod method, string path, HttpContent? body, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await _http.SendAsync(request);
        return await Reply.OfAsync(response);
    }
}
