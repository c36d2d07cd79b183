using System.Diagnostics;
using System.Text.Json;
using LatentDb.Silo.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace LatentDb.Silo.Tests.Telemetry;

/// <summary>What users write is in no span, metric or log entry, whatever goes wrong with it; nor are names of memories in spans and metrics.</summary>
public sealed class PrivacyTests : IDisposable
{
    /// <summary>Stands in every text, secret and answer.</summary>
    private const string Words = "zebrafinch7731";

    /// <summary>Names of a memory and of a snapshot.</summary>
    private const string Name = "quagga5519";

    private readonly SpanCollector _spans = new();

    public void Dispose() => _spans.Dispose();

    [Fact]
    public async Task Words_of_users_are_nowhere_even_when_everything_is_logged()
    {
        await using RunningSilo silo = await StartAsync();
        (ActivityTraceId trace, (string, string) header) = SpanCollector.NewTrace();

        await SendEverythingAsync(silo, header);
        string metrics = (await silo.GetAsync("/metrics")).Text;
        string spans = string.Join('\n', _spans.Seen(trace).Select(Describe));

        Assert.Contains("memory.inject", spans, StringComparison.Ordinal);
        Assert.Contains(silo.Logs.Lines, l => l.Message.StartsWith("Refused ", StringComparison.Ordinal));
        Assert.DoesNotContain(silo.Logs.Lines.Select(l => $"{l.Category}: {l.Message} {l.Error}"), line => line.Contains(Words, StringComparison.Ordinal));
        Assert.DoesNotContain(Words, spans, StringComparison.Ordinal);
        Assert.DoesNotContain(Name, spans, StringComparison.Ordinal);
        Assert.DoesNotContain(Words, metrics, StringComparison.Ordinal);
        Assert.DoesNotContain(Name, metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_and_names_are_in_spans_when_the_operator_asks_for_them()
    {
        await using RunningSilo silo = await StartAsync("--telemetry-text", "true", "--telemetry-ids", "true");
        (ActivityTraceId trace, (string, string) header) = SpanCollector.NewTrace();

        await silo.CreateAsync(Name);
        (await silo.PostAsync($"/v1/memories/{Name}/inject", JsonSerializer.Serialize(new { text = $"The bird is a {Words}." }), header)).Require(200);
        Activity[] spans = await _spans.OfAsync(trace);

        Assert.Equal($"The bird is a {Words}.", spans.Single(s => s.DisplayName == "model.tokenize").GetTagItem("latentdb.text"));
        Assert.Equal(Name, spans.Single(s => s.DisplayName == "memory.inject").GetTagItem("latentdb.memory"));
    }

    private Task<RunningSilo> StartAsync(params string[] flags) => RunningSilo.StartAsync(
        null,
        builder =>
        {
            builder.Services.AddSingleton<BaseProcessor<Activity>>(_spans);
            builder.Services.Configure<LoggerFilterOptions>(filter =>
            {
                filter.Rules.Clear();
                filter.MinLevel = LogLevel.Debug;
            });
        },
        flags);

    private static async Task SendEverythingAsync(RunningSilo silo, (string, string) trace)
    {
        string memory = $"/v1/memories/{Name}";
        (await silo.PostAsync("/v1/memories", $$"""{"id":"{{Name}}","metadata":{"note":"{{Words}}"} }""", trace)).Require(201);
        (string Path, string Json, int Status)[] requests =
        [
            ($"{memory}/inject", $$"""{"text":"My secret is {{Words}}.","metadata":{"note":"{{Words}}"} }""", 200),
            ($"{memory}/inject", $$"""{"messages":[{"role":"user","content":"{{Words}}"}]}""", 200),
            ($"{memory}/query", $$"""{"prompt":"What is {{Words}}?","max_tokens":4,"stop":["{{Words}}"]}""", 200),
            ($"{memory}/query", $$"""{"prompt":"What is {{Words}}?","max_tokens":4,"stream":true}""", 200),
            ($"{memory}/query", $$"""{"prompt":"{{Words}}","max_tokens":1000000}""", 400),
            ($"{memory}/inject", $$"""{"text": {{Words}} }""", 400),
            ($"{memory}/inject", $$"""{"text":["{{Words}}"]}""", 400),
            ($"{memory}/inject", $$"""{"text":"{{Words}}""", 400),
            ($"{memory}/inject", $$"""{"text":"{{Words}} \ud800"}""", 400),
            ($"{memory}/inject", $$"""{"text":"{{Words}}","metadata":"{{Words}}"}""", 400),
            ($"{memory}/snapshots", $$"""{"name":"{{Name}}"}""", 201),
            ($"{memory}/rollback", $$"""{"to":"{{Name}}"}""", 200),
        ];
        foreach ((string path, string json, int status) in requests) (await silo.PostAsync(path, json, trace)).Require(status);
        await silo.PostAsync($"{memory}/inject", $$"""{"text":"{{new string('x', 2 << 20)}}{{Words}}"}""", trace);
        await silo.SendAsync(HttpMethod.Post, $"{memory}/inject", RunningSilo.Bytes([0xff, 0xfe, .. System.Text.Encoding.UTF8.GetBytes(Words)]), trace);
        await silo.SendAsync(HttpMethod.Post, "/v1/memories/import", RunningSilo.Bytes(System.Text.Encoding.UTF8.GetBytes(Words), "application/octet-stream"), trace, ("X-Archive-Passphrase", Words));
        await silo.SendAsync(HttpMethod.Get, $"{memory}/versions/2/text", null, trace, ("Authorization", $"Bearer {Words}"), ("User-Agent", Words), ("If-None-Match", Words));
        await silo.SendAsync(HttpMethod.Post, "/v1/chat/completions", RunningSilo.Json($$"""{"model":"small","user":"{{Name}}","max_tokens":4,"messages":[{"role":"user","content":"{{Words}}"}]}"""), trace);
        await silo.SendAsync(HttpMethod.Get, $"{memory}/diff?from=1&to=2", null, trace);
        await silo.SendAsync(HttpMethod.Delete, memory, null, trace);
    }

    private static string Describe(Activity span) =>
        $"{span.DisplayName} {span.StatusDescription} {string.Join(' ', span.TagObjects)} {string.Join(' ', span.Baggage)} {string.Join(' ', span.Events.SelectMany(e => e.Tags))}";
}
