using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Composition;
using LatentDb.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace LatentDb.Http;

/// <summary>
/// What a request costs besides the model: with a model that computes nothing, and with the shipped one, whose own times the answer tells. The floor is
/// an endpoint of Kestrel that reads a body and writes one; all take turns, so that whatever else the machine does meets all of them.
/// </summary>
internal static class Overhead
{
    private const int Warmup = 500;
    private const string Query = """{"prompt":"Where does Maria live?","max_tokens":8}""";
    private const string Stream = """{"prompt":"Where does Maria live?","max_tokens":8,"stream":true}""";
    private const string Inject = """{"text":"Maria lives in Lisbon. Peter works as a baker."}""";

    public static async Task RunAsync(int requests)
    {
        await using WebApplication bare = await StartBareAsync();
        await using BenchServer stub = await BenchServer.StartAsync(services => services.AddSingleton<IModelHost, StubModel>());
        await using BenchServer real = await BenchServer.StartAsync(_ => { });
        using var http = new HttpClient();
        Case[] cases =
        [
            new("bare Kestrel, POST", () => PostAsync(http, new Uri($"{bare.Urls.First()}/"), Query)),
            new("GET a memory", () => GetAsync(http, stub.At(string.Empty))),
            new("query, stub", () => PostAsync(http, stub.At("/query"), Query)),
            new("query, stub, streamed", () => PostAsync(http, stub.At("/query"), Stream)),
            new("query, model, less its own time", () => LessTimingsAsync(http, real.At("/query"), Query)),
            new("inject, stub, less the commit", () => LessTimingsAsync(http, stub.At("/inject"), Inject)),
        ];
        await MeasureAsync(cases, requests);
        Console.WriteLine($"Machine: {Machine.Description}");
        Console.WriteLine($"{requests} requests each, in turns, one connection\n\n| request | p50 | p95 | p99 | p50 over bare |\n|---|---|---|---|---|");
        Print(cases);

        // A listener of the process hears every server in it, so this comes last.
        await using BenchServer traced = await BenchServer.StartAsync(services => services.AddSingleton<IModelHost, StubModel>().AddSingleton<BaseProcessor<Activity>, Deaf>());
        Case[] pair = [cases[0] with { Times = new Sample() }, new("query, stub, traced", () => PostAsync(http, traced.At("/query"), Query))];
        await MeasureAsync(pair, requests);
        Print(pair);
    }

    private static async Task MeasureAsync(Case[] cases, int requests)
    {
        for (int i = 0; i < requests + Warmup; i++)
        {
            foreach (Case one in cases)
            {
                double milliseconds = await one.RunAsync();
                if (i >= Warmup) one.Times.Add(milliseconds);
            }
        }
    }

    private static void Print(Case[] cases)
    {
        foreach (Case one in cases)
        {
            string over = (one.Times.Median - cases[0].Times.Median).ToString("+0.000;-0.000", CultureInfo.InvariantCulture);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {one.Name} | {one.Times.Median:F3} ms | {one.Times.At(0.95):F3} ms | {one.Times.At(0.99):F3} ms | {over} ms |"));
        }
    }

    private static async Task<double> PostAsync(HttpClient http, Uri address, string json)
    {
        long start = Stopwatch.GetTimestamp();
        using var body = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.PostAsync(address, body);
        await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static async Task<double> GetAsync(HttpClient http, Uri address)
    {
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await http.GetAsync(address);
        await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static async Task<double> LessTimingsAsync(HttpClient http, Uri address, string json)
    {
        long start = Stopwatch.GetTimestamp();
        using var body = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.PostAsync(address, body);
        byte[] answer = await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
        double total = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return total - JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("timings_ms").EnumerateObject().Sum(t => t.Value.GetDouble());
    }

    private static async Task<WebApplication> StartBareAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapPost("/", async context =>
        {
            JsonElement body = await context.Request.ReadFromJsonAsync<JsonElement>();
            await context.Response.WriteAsJsonAsync(body);
        });
        await app.StartAsync();
        return app;
    }

    /// <summary>Makes the server record spans, and throws them away.</summary>
    private sealed class Deaf : BaseProcessor<Activity>;

    private sealed record Case(string Name, Func<Task<double>> RunAsync)
    {
        public Sample Times { get; init; } = new();
    }

    /// <summary>The whole server in this process, with one memory.</summary>
    private sealed class BenchServer(WebApplication app, string data) : IAsyncDisposable
    {
        public Uri At(string verb) => new($"{app.Urls.First()}/v1/memories/bench{verb}");

        public static async Task<BenchServer> StartAsync(Action<IServiceCollection> adjust)
        {
            string data = Directory.CreateTempSubdirectory("latentdb-bench-").FullName;
            WebApplication app = SiloBuilder.Build(["--urls", "http://127.0.0.1:0", "--data", data], builder =>
            {
                builder.Logging.SetMinimumLevel(LogLevel.Warning);
                adjust(builder.Services);
            });
            await app.StartAsync();
            while (!app.Services.GetRequiredService<IModelHost>().IsReady) await Task.Delay(20);
            using var http = new HttpClient();
            (await http.PostAsJsonAsync(new Uri($"{app.Urls.First()}/v1/memories"), new { id = "bench" })).EnsureSuccessStatusCode();
            return new BenchServer(app, data);
        }

        public async ValueTask DisposeAsync()
        {
            await app.StopAsync();
            await app.DisposeAsync();
            Directory.Delete(data, recursive: true);
        }
    }
}
