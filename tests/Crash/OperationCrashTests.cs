using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.Crash;

/// <summary>The whole server, killed with SIGKILL while accepted injects wait and run: each one that was accepted is made, once, in its order.</summary>
public sealed class OperationCrashTests(ITestOutputHelper output)
{
    private const int Kills = 20;
    private const int Memories = 3;
    private const int Seed = 20261121;

    [Fact]
    public async Task Every_accepted_inject_is_made_exactly_once_over_twenty_kills()
    {
        using var data = new TempFolder();
        var random = new Random(Seed);
        List<string>[] accepted = [.. Enumerable.Range(0, Memories).Select(_ => new List<string>())];
        List<string>[] doubtful = [.. Enumerable.Range(0, Memories).Select(_ => new List<string>())];
        int next = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            await using SiloProcess silo = await SiloProcess.StartAsync(data.Path);
            using var http = new HttpClient { BaseAddress = silo.Address };
            for (int memory = 0; memory < Memories && kill == 0; memory++)
            {
                using HttpResponseMessage created = await http.PostAsJsonAsync("/v1/memories", new { id = $"m{memory}" });
                Assert.True(created.StatusCode is HttpStatusCode.Created or HttpStatusCode.ServiceUnavailable, created.StatusCode.ToString());
                if (created.StatusCode != HttpStatusCode.Created) await UntilCreatedAsync(http, $"m{memory}");
            }

            // Every second life is cut short by the clock alone, perhaps while it still recovers; the others have accepted something first.
            Task? killing = kill % 2 == 0 ? null : KillAfterAsync(silo, random.Next(50, 600));
            for (bool isAlive = true; isAlive; next++)
            {
                int memory = random.Next(Memories);
                string name = $"person-{next}";
                HttpStatusCode? status = await TryAcceptAsync(http, memory, name);
                isAlive = status is HttpStatusCode.Accepted or HttpStatusCode.TooManyRequests;
                if (status == HttpStatusCode.Accepted) accepted[memory].Add(name);
                else if (status is null) doubtful[memory].Add(name);
                if (status == HttpStatusCode.Accepted) killing ??= KillAfterAsync(silo, random.Next(50, 600));
            }

            if (killing is not null) await killing;
        }

        await CheckAsync(data.Path, accepted, doubtful);
        output.WriteLine($"{accepted.Sum(a => a.Count)} injects accepted over {Kills} kills, {doubtful.Sum(d => d.Count)} unanswered");
        Assert.True(accepted.Sum(a => a.Count) >= Kills / 2, "a life that waits for its first accepted inject accepted none");
    }

    private static async Task CheckAsync(string data, List<string>[] accepted, List<string>[] doubtful)
    {
        await using SiloProcess last = await SiloProcess.StartAsync(data);
        using var http = new HttpClient { BaseAddress = last.Address };
        for (int memory = 0; memory < Memories; memory++)
        {
            await UntilDoneAsync(http, memory);
            List<string> made = await MadeAsync(http, memory);
            Assert.Equal(made.Distinct(), made);
            Assert.Equal(accepted[memory], made.Where(accepted[memory].Contains));
            Assert.Empty(made.Except(accepted[memory]).Except(doubtful[memory]));
        }
    }

    private static async Task UntilCreatedAsync(HttpClient http, string id)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await http.PostAsJsonAsync("/v1/memories", new { id }, limit.Token)).StatusCode != HttpStatusCode.Created) await Task.Delay(10, limit.Token);
    }

    private static async Task KillAfterAsync(SiloProcess silo, int milliseconds)
    {
        await Task.Delay(milliseconds);
        await silo.KillAsync();
    }

    /// <returns>Null when the process went away before it answered.</returns>
    private static async Task<HttpStatusCode?> TryAcceptAsync(HttpClient http, int memory, string name)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/memories/m{memory}/inject");
            request.Headers.Add("Prefer", "respond-async");
            request.Content = JsonContent.Create(new { text = $"{name} lives in Lisbon.", metadata = new { name } });
            using HttpResponseMessage response = await http.SendAsync(request);
            Assert.True(response.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.TooManyRequests, response.StatusCode.ToString());
            return response.StatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return null;
        }
    }

    private static async Task UntilDoneAsync(HttpClient http, int memory)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        while (true)
        {
            JsonElement page = await http.GetFromJsonAsync<JsonElement>($"/v1/memories/m{memory}/operations?limit=200", limit.Token);
            string[] states = [.. page.GetProperty("items").EnumerateArray().Select(o => o.GetProperty("status").GetString()!)];
            Assert.DoesNotContain("failed", states);
            if (!states.Any(s => s is "queued" or "running")) return;
            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary>Names that the memory's versions were made of, in their order.</summary>
    private static async Task<List<string>> MadeAsync(HttpClient http, int memory)
    {
        List<string> names = [];
        string? cursor = null;
        do
        {
            JsonElement page = await http.GetFromJsonAsync<JsonElement>($"/v1/memories/m{memory}/versions?limit=200{(cursor is null ? string.Empty : $"&cursor={cursor}")}");
            names.AddRange(page.GetProperty("items").EnumerateArray().Where(v => v.GetProperty("cause").GetString() == "inject").Select(v => v.GetProperty("metadata").GetProperty("name").GetString()!));
            cursor = page.TryGetProperty("next_cursor", out JsonElement next) ? next.GetString() : null;
        }
        while (cursor is not null);

        names.Reverse();
        return names;
    }
}
