using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using LatentDb.Client;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Composition;
using LatentDb.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LatentDb.Silo.Tests.Support;

/// <summary>The server as it is, in this process, on a port that the system chose and a folder of its own; or the front of a cluster, see <see cref="OwnerSilos"/>.</summary>
internal sealed class RunningSilo : IAsyncDisposable
{
    private readonly TempFolder _data;
    private readonly WebApplication _app;
    private readonly OwnerSilos? _owners;

    private RunningSilo(TempFolder data, WebApplication app, LogGuard logs, OwnerSilos? owners)
    {
        _data = data;
        _app = app;
        _owners = owners;
        Logs = logs;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Http { get; }

    public LogGuard Logs { get; }

    /// <summary>Its data folder.</summary>
    public string Data => _data.Path;

    public LatentDbClient Client => new(Http, new ClientOptions { MaxAttempts = 1 });

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts with the shipped model, or with <paramref name="model"/>.</summary>
    public static Task<RunningSilo> StartAsync(IModelHost? model = null, params string[] more) => StartAsync(model, adjust: null, more);

    /// <summary>As the other, with a last word on the services.</summary>
    public static async Task<RunningSilo> StartAsync(IModelHost? model, Action<WebApplicationBuilder>? adjust, params string[] more)
    {
        var data = new TempFolder();
        var logs = new LogGuard();
        OwnerSilos? owners = OwnerSilos.AreWanted ? await OwnerSilos.NewAsync(data.Path, logs) : null;
        string[] arguments = ["--urls", "http://127.0.0.1:0", "--data", data.Path, "--model", RepositoryFiles.Combine("models", "small"), .. owners?.FrontOptions() ?? [], .. more];
        WebApplication app = SiloBuilder.Build(arguments, builder =>
        {
            builder.Logging.ClearProviders();
            builder.Logging.AddProvider(logs);
            if (model is not null) builder.Services.AddSingleton(model);
            adjust?.Invoke(builder);
        });
        await Task.WhenAll(app.StartAsync(), owners?.StartAsync(more) ?? Task.CompletedTask);
        var silo = new RunningSilo(data, app, logs, owners);
        if (model is null) await silo.UntilReadyAsync();
        if (owners is not null) await owners.UntilReadyAsync(app, hasModel: model?.IsReady != false);
        return silo;
    }

    public async Task<Reply> SendAsync(HttpMethod method, string path, HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await Http.SendAsync(request);
        return await Reply.OfAsync(response);
    }

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Reply> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    public Task<Reply> PostAsync(string path, string json, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, path, Json(json), headers);

    public async Task CreateAsync(string id) => (await PostAsync("/v1/memories", $$"""{"id":"{{id}}"}""")).Require(201);

    public async Task<long> InjectAsync(string id, string text) =>
        (await PostAsync($"/v1/memories/{id}/inject", JsonSerializer.Serialize(new { text }))).Require(200).Body.GetProperty("version").GetInt64();

    public async Task<long> HeadAsync(string id) => (await GetAsync($"/v1/memories/{id}")).Require(200).Body.GetProperty("version").GetInt64();

    public static ByteArrayContent Json(string json) => Bytes(Encoding.UTF8.GetBytes(json));

    public static ByteArrayContent Bytes(byte[] body, string type = "application/json")
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return content;
    }

    /// <summary>The orderly end, as after SIGTERM.</summary>
    public Task StopAsync()
    {
        _app.Lifetime.StopApplication();
        return _app.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (_owners is not null) await _owners.DisposeAsync();
        _data.Dispose();
    }

    private async Task UntilReadyAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!Services.GetRequiredService<IModelHost>().IsReady) await Task.Delay(5, limit.Token);
    }
}
