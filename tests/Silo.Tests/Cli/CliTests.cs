using System.Diagnostics;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>The command line as a process.</summary>
public sealed class CliTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    [Fact]
    public async Task The_demo_tells_the_whole_story_with_right_answers()
    {
        Outcome demo = await RunAsync(null, "demo");

        Assert.True(demo.ExitCode == 0, demo.ToString());
        Assert.Contains("kill -9", demo.Output, StringComparison.Ordinal);
        Assert.Contains("All answers are right", demo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("WRONG", demo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_verbs_do_what_they_say()
    {
        string id = $"cli-{Guid.NewGuid():N}";

        Assert.Contains("version 1", await OkAsync("memories", "create", id), StringComparison.Ordinal);
        Assert.Contains("version 2", await OkAsync("inject", id, "Maria lives in Lisbon. Peter works as a baker."), StringComparison.Ordinal);
        Assert.Equal("Lisbon", (await OkAsync("ask", id, "Where does Maria live?", "--max-tokens", "8")).Trim());
        Assert.Contains("version 2", await OkAsync("snapshot", "create", id, "mark"), StringComparison.Ordinal);
        Assert.Contains("\"version\": 3", await OkAsync("rollback", id, "1", "--json"), StringComparison.Ordinal);
        Assert.Contains("rollback", await OkAsync("versions", id), StringComparison.Ordinal);
        Assert.Contains("mark", await OkAsync("snapshot", "list", id), StringComparison.Ordinal);
        Assert.Contains(id, await OkAsync("memories", "list"), StringComparison.Ordinal);
        await OkAsync("erase", id, "--yes");
    }

    [Fact]
    public async Task Text_comes_from_standard_input_when_none_is_given()
    {
        string id = await fixture.NewMemoryAsync();

        Outcome inject = await RunAsync("Maria lives in Lisbon.\n", "inject", id);

        Assert.True(inject.ExitCode == 0, inject.ToString());
        Assert.Equal(2, await fixture.Silo.HeadAsync(id));
    }

    [Theory]
    [InlineData(1, "memories", "get", "nobody")]
    [InlineData(1, "memories", "create", "-bad-")]
    [InlineData(2, "memories", "get")]
    [InlineData(2, "nosuchverb")]
    [InlineData(2, "versions", "x", "--limit", "many")]
    [InlineData(2, "inject", "x", "text", "--file", "also")]
    [InlineData(2, "inject", "x", "text", "--metadata", "{")]
    [InlineData(2, "erase", "x")]
    [InlineData(1, "erase", "nobody", "--yes")]
    [InlineData(1, "fork", "nobody", "somebody")]
    [InlineData(2, "diff", "nobody")]
    [InlineData(1, "diff", "nobody", "1")]
    [InlineData(2, "history", "nobody", "--limit", "0")]
    [InlineData(2, "inject", "x", "--file", "/nonexistent/file")]
    [InlineData(3, "memories", "list", "--server", "http://127.0.0.1:9")]
    public async Task What_goes_wrong_is_one_line_and_an_exit_code(int exitCode, params string[] arguments)
    {
        Outcome outcome = await RunAsync(null, arguments);

        Assert.True(outcome.ExitCode == exitCode, outcome.ToString());
        Assert.NotEmpty(outcome.Errors);
        Assert.DoesNotContain("   at ", outcome.Errors, StringComparison.Ordinal);
    }

    private async Task<string> OkAsync(params string[] arguments)
    {
        Outcome outcome = await RunAsync(null, arguments);
        Assert.True(outcome.ExitCode == 0, outcome.ToString());
        return outcome.Output;
    }

    private async Task<Outcome> RunAsync(string? input, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(BuiltPrograms.Path("Cli"));
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["LATENTDB_SERVER"] = fixture.Silo.Http.BaseAddress!.ToString();
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return new Outcome(process.ExitCode, await output, await errors);
    }

    private sealed record Outcome(int ExitCode, string Output, string Errors);
}
