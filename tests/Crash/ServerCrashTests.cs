using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Crash;

/// <summary>The whole server, killed with SIGKILL in the middle of injects: what it acknowledged is there afterwards, and nothing else.</summary>
public sealed class ServerCrashTests(ITestOutputHelper output)
{
    private const int Kills = 50;
    private const int Seed = 20260101;

    private static readonly string[] People = ["Maria", "Peter", "Anna", "Hugo", "Lucy", "Oscar"];
    private static readonly string[] Cities = ["Lisbon", "Paris", "Tokyo", "Oslo", "Cairo", "Lima"];

    [Fact]
    public async Task Every_acknowledged_inject_survives_fifty_kills_and_no_half_inject_is_visible()
    {
        using var data = new TempFolder();
        var random = new Random(Seed);
        var acknowledged = new SortedDictionary<long, JsonElement>();
        List<double> readySeconds = [];
        for (int kill = 0; kill <= Kills; kill++)
        {
            long start = TimeProvider.System.GetTimestamp();
            await using SiloProcess silo = await SiloProcess.StartAsync(data.Path);
            using var http = new HttpClient { BaseAddress = silo.Address };
            await UntilReadyAsync(http);
            readySeconds.Add(TimeProvider.System.GetElapsedTime(start).TotalSeconds);
            if (kill == 0) await CreateAsync(http);

            await CheckAsync(http, acknowledged);
            if (kill < Kills) await InjectUntilKilledAsync(http, silo, random, acknowledged);
        }

        readySeconds.Sort();
        output.WriteLine($"{acknowledged.Count} injects acknowledged; ready after start: median {readySeconds[readySeconds.Count / 2]:F2} s, worst {readySeconds[^1]:F2} s");
        Assert.True(acknowledged.Count >= Kills, $"only {acknowledged.Count} injects were acknowledged: the kills came too early to test anything");
    }

    private static async Task CreateAsync(HttpClient http)
    {
        HttpResponseMessage created = await http.PostAsJsonAsync("/v1/memories", new { id = "crash" });
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
    }

    private static async Task UntilReadyAsync(HttpClient http)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await http.GetAsync("/readyz", limit.Token)).StatusCode != HttpStatusCode.OK) await Task.Delay(10, limit.Token);
    }

    /// <summary>Two clients' worth of injects, one after the other, until the process dies under them.</summary>
    private static async Task InjectUntilKilledAsync(HttpClient http, SiloProcess silo, Random random, SortedDictionary<long, JsonElement> acknowledged)
    {
        string[] texts = [.. Enumerable.Range(0, 200).Select(_ => $"{People[random.Next(People.Length)]} lives in {Cities[random.Next(Cities.Length)]}.")];
        Task killing = KillAfterAsync(silo, random.Next(20, 400));
        foreach (string text in texts)
        {
            JsonElement? answer = await TryInjectAsync(http, text);
            if (answer is not { } inject) break;
            acknowledged.Add(inject.GetProperty("version").GetInt64(), inject);
        }

        await killing;
    }

    private static async Task KillAfterAsync(SiloProcess silo, int milliseconds)
    {
        await Task.Delay(milliseconds);
        await silo.KillAsync();
    }

    private static async Task<JsonElement?> TryInjectAsync(HttpClient http, string text)
    {
        try
        {
            using HttpResponseMessage response = await http.PostAsJsonAsync("/v1/memories/crash/inject", new { text });
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return await response.Content.ReadFromJsonAsync<JsonElement>();
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException)
        {
            return null; // The process is gone: this inject may or may not have happened.
        }
    }

    private static async Task CheckAsync(HttpClient http, SortedDictionary<long, JsonElement> acknowledged)
    {
        long head = (await http.GetFromJsonAsync<JsonElement>("/v1/memories/crash")).GetProperty("version").GetInt64();
        long lastAcknowledged = acknowledged.Count == 0 ? 1 : acknowledged.Keys.Max();
        Assert.InRange(head, lastAcknowledged, long.MaxValue);

        foreach ((long number, JsonElement inject) in acknowledged.Reverse().Take(25))
        {
            JsonElement version = await http.GetFromJsonAsync<JsonElement>($"/v1/memories/crash/versions/{number}");
            Assert.Equal("inject", version.GetProperty("cause").GetString());
            Assert.Equal(inject.GetProperty("tokens").GetInt32(), version.GetProperty("tokens").GetInt32());
            Assert.Equal(inject.GetProperty("committed_at").GetString(), version.GetProperty("committed_at").GetString());
        }

        // A half inject would name rows of blocks that are not there: reading the head pages in every row that it names.
        using HttpResponseMessage answer = await http.PostAsJsonAsync("/v1/memories/crash/query", new { prompt = "Question: Where does Maria live? Answer:", max_tokens = 4 });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(head, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("version").GetInt64());
    }
}
