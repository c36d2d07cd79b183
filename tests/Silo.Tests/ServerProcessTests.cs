using System.Net.Http.Json;
using System.Text.Json;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests;

/// <summary>The server as its own process: what it prints, how it ends, what is left.</summary>
public sealed class ServerProcessTests
{
    [Fact]
    public async Task What_was_injected_is_known_after_an_orderly_end_and_after_a_kill()
    {
        using var data = new TempFolder();
        await using (SiloProcess first = await SiloProcess.StartAsync(data.Path))
        {
            using HttpClient http = await ReadyAsync(first);
            (await http.PostAsJsonAsync("/v1/memories", new { id = "bob" })).EnsureSuccessStatusCode();
            (await http.PostAsJsonAsync("/v1/memories/bob/inject", new { text = "Maria lives in Lisbon. Peter works as a baker." })).EnsureSuccessStatusCode();
            Assert.Equal(0, await first.TerminateAsync());
        }

        await using (SiloProcess second = await SiloProcess.StartAsync(data.Path))
        {
            using HttpClient http = await ReadyAsync(second);
            Assert.Equal("Lisbon", await AskAsync(http));
            await second.KillAsync();
        }

        await using SiloProcess third = await SiloProcess.StartAsync(data.Path);
        using HttpClient last = await ReadyAsync(third);
        Assert.Equal("Lisbon", await AskAsync(last));
    }

    [Fact]
    public async Task The_start_prints_address_model_and_three_lines_to_try()
    {
        using var data = new TempFolder();
        await using SiloProcess silo = await SiloProcess.StartAsync(data.Path);
        using HttpClient http = await ReadyAsync(silo);

        string[] lines = silo.Output.Split('\n');

        Assert.Contains(lines, l => l.Contains("listens on http://127.0.0.1:", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("model  small (mplus,", StringComparison.Ordinal));
        Assert.Equal(3, lines.Count(l => l.TrimStart().StartsWith("curl ", StringComparison.Ordinal)));
    }

    [RequiresCommandFact("curl")]
    public async Task The_three_lines_work_as_they_are_printed()
    {
        using var data = new TempFolder();
        await using SiloProcess silo = await SiloProcess.StartAsync(data.Path);
        using HttpClient http = await ReadyAsync(silo);

        List<string> answers = [];
        foreach (string line in silo.Output.Split('\n').Where(l => l.TrimStart().StartsWith("curl ", StringComparison.Ordinal))) answers.Add(await Shell.RunAsync(line));

        Assert.Contains("\"id\":\"alice\"", answers[0], StringComparison.Ordinal);
        Assert.Contains("\"version\":2", answers[1], StringComparison.Ordinal);
        Assert.Contains("Lisbon", answers[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--urls", "http://0.0.0.0:5080", "loopback")]
    [InlineData("--colour", "red", "--colour")]
    [InlineData("--model", "/nonexistent", "/nonexistent")]
    public async Task A_start_that_cannot_be_ends_with_a_line_that_says_why(string flag, string value, string reason)
    {
        using var data = new TempFolder();

        (int exitCode, string output) = await Shell.RunToEndAsync("dotnet", BuiltPrograms.Path("Silo"), "--data", data.Path, flag, value, "--urls", flag == "--urls" ? value : "http://127.0.0.1:0");

        Assert.Equal(1, exitCode);
        Assert.Contains(reason, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_server_on_the_same_folder_is_refused_with_the_reason()
    {
        using var data = new TempFolder();
        await using SiloProcess silo = await SiloProcess.StartAsync(data.Path);

        (int exitCode, string output) = await Shell.RunToEndAsync("dotnet", BuiltPrograms.Path("Silo"), "--data", data.Path, "--urls", "http://127.0.0.1:0");

        Assert.Equal(1, exitCode);
        Assert.Contains("shard_locked", output, StringComparison.Ordinal);
    }

    private static async Task<HttpClient> ReadyAsync(SiloProcess silo)
    {
        var http = new HttpClient { BaseAddress = silo.Address };
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!(await http.GetAsync("/readyz", limit.Token)).IsSuccessStatusCode) await Task.Delay(10, limit.Token);
        return http;
    }

    private static async Task<string> AskAsync(HttpClient http)
    {
        HttpResponseMessage response = await http.PostAsJsonAsync(
            "/v1/memories/bob/query", new { messages = new[] { new { role = "user", content = "Where does Maria live?" } }, max_tokens = 8 });
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("text").GetString()!.Trim();
    }
}
