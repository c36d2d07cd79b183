using System.Net.Http.Json;
using System.Text.Json;
using LatentDb.Testing;

namespace LatentDb.Browser.Support;

/// <summary>A real server process with a folder of its own, and the API beside the console, to arrange what a test looks at.</summary>
public sealed class ServedConsole : IAsyncDisposable
{
    private readonly TempFolder _data;
    private SiloProcess _process;

    private ServedConsole(TempFolder data, SiloProcess process)
    {
        _data = data;
        _process = process;
        Address = process.Address;
        Api = new HttpClient { BaseAddress = Address };
    }

    public Uri Address { get; }

    /// <summary>The API with the key that was last given to it, if any.</summary>
    public HttpClient Api { get; }

    public static async Task<ServedConsole> StartAsync()
    {
        var data = new TempFolder();
        var served = new ServedConsole(data, await SiloProcess.StartAsync(data.Path));
        await served.UntilReadyAsync();
        return served;
    }

    /// <summary>Makes a memory and tells it these texts, one version each, from version 2 on.</summary>
    public async Task TellAsync(string memory, params string[] texts)
    {
        await PostAsync("/v1/memories", new { id = memory });
        foreach (string text in texts) await PostAsync($"/v1/memories/{memory}/inject", new { text });
    }

    public async Task<JsonElement> PostAsync(string path, object body)
    {
        using HttpResponseMessage response = await Api.PostAsJsonAsync(path, body);
        Assert.True(response.IsSuccessStatusCode, $"POST {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public async Task<JsonElement> GetAsync(string path) => await Api.GetFromJsonAsync<JsonElement>(path);

    /// <summary>The end of the process, without a word.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Another process on the same folder and at the same address.</summary>
    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = await SiloProcess.StartAsync(_data.Path, null, "--urls", Address.ToString());
        await UntilReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await _process.DisposeAsync();
        _data.Dispose();
    }

    private async Task UntilReadyAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!(await Api.GetAsync("/readyz", limit.Token)).IsSuccessStatusCode) await Task.Delay(20, limit.Token);
    }
}
