using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LatentDb.Silo.Tests.Telemetry;

/// <summary>What a server process sends to a collector, and what it writes on its console.</summary>
public sealed class ExportTests
{
    private const string Words = "zebrafinch7731";

    [Fact]
    public async Task A_collector_gets_traces_metrics_and_logs_and_no_words_of_users()
    {
        await using var collector = await Collector.StartAsync();
        using var data = new TempFolder();
        await using SiloProcess silo = await SiloProcess.StartAsync(data.Path, null, "--otlp-endpoint", collector.Address);

        await UseAsync(silo);
        Assert.Equal(0, await silo.TerminateAsync());

        Assert.Equal(["logs", "metrics", "traces"], collector.Signals.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("memory.inject", collector.Signals["traces"], StringComparison.Ordinal);
        Assert.Contains("store.group_commit", collector.Signals["traces"], StringComparison.Ordinal);
        Assert.Contains("latentdb.store.appended", collector.Signals["metrics"], StringComparison.Ordinal);
        Assert.Contains("is ready on", collector.Signals["logs"], StringComparison.Ordinal);
        Assert.All(collector.Signals.Values, sent => Assert.Contains("latentdb", sent, StringComparison.Ordinal));
        Assert.All(collector.Signals.Values, sent => Assert.DoesNotContain(Words, sent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_collector_that_is_not_there_harms_nobody()
    {
        using var data = new TempFolder();
        await using SiloProcess silo = await SiloProcess.StartAsync(data.Path, null, "--otlp-endpoint", "http://127.0.0.1:1");

        await UseAsync(silo);

        Assert.Equal(0, await silo.TerminateAsync());
    }

    [Fact]
    public async Task The_console_is_one_JSON_object_a_line_when_that_is_asked_for()
    {
        using var data = new TempFolder();
        await using SiloProcess silo = await SiloProcess.StartAsync(data.Path, null, "--log-format", "json");
        await UseAsync(silo);
        Assert.Equal(0, await silo.TerminateAsync());

        JsonElement[] lines = [.. silo.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

        JsonElement ready = Assert.Single(lines, l => l.GetProperty("event").GetInt32() == 2001);
        Assert.Equal(("info", "small"), (ready.GetProperty("level").GetString(), ready.GetProperty("fields").GetProperty("Model").GetString()));
        Assert.All(lines, line => Assert.True(DateTimeOffset.TryParse(line.GetProperty("time").GetString(), null, out _)));
        Assert.DoesNotContain(Words, silo.Output, StringComparison.Ordinal);
    }

    private static async Task UseAsync(SiloProcess silo)
    {
        using var http = new HttpClient { BaseAddress = silo.Address };
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!(await http.GetAsync("/readyz", limit.Token)).IsSuccessStatusCode) await Task.Delay(10, limit.Token);
        (await http.PostAsync("/v1/memories", RunningSilo.Json("""{"id":"bob"}"""), limit.Token)).EnsureSuccessStatusCode();
        (await http.PostAsync("/v1/memories/bob/inject", RunningSilo.Json($$"""{"text":"The bird is a {{Words}}."}"""), limit.Token)).EnsureSuccessStatusCode();
    }

    /// <summary>Takes what is sent to it as OTLP over HTTP, and keeps the bytes as text: names stand in them as they are.</summary>
    private sealed class Collector(WebApplication app) : IAsyncDisposable
    {
        public ConcurrentDictionary<string, string> Signals { get; } = new(StringComparer.Ordinal);

        public string Address => app.Urls.First();

        public static async Task<Collector> StartAsync()
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            WebApplication app = builder.Build();
            var collector = new Collector(app);
            app.Urls.Add("http://127.0.0.1:0");
            app.MapPost("/v1/{signal}", async (string signal, HttpRequest request) =>
            {
                using var body = new MemoryStream();
                await request.Body.CopyToAsync(body);
                string text = Encoding.UTF8.GetString(body.ToArray());
                collector.Signals.AddOrUpdate(signal, text, (_, before) => before + text);
            });
            await app.StartAsync();
            return collector;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
