using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

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

    [Fact]
    public async Task History_diff_and_fork_tell_people_and_programs()
    {
        string id = await fixture.NewMemoryAsync();
        await OkAsync("inject", id, "Maria lives in Lisbon.", "--metadata", """{"source":"shell"}""", "--key", "k-1");

        string history = await OkAsync("history", id);
        string diff = await OkAsync("diff", id, "1");
        Assert.Contains($"{id}-fork", await OkAsync("fork", id, $"{id}-fork", "--at", "2"), StringComparison.Ordinal);

        Assert.Contains("k-1", history, StringComparison.Ordinal);
        Assert.Contains("shell", history, StringComparison.Ordinal);
        Assert.Contains("Maria lives in Lisbon.", diff, StringComparison.Ordinal);
        Assert.Contains("\"texts_added\"", await OkAsync("diff", id, "1", "2", "--json"), StringComparison.Ordinal);
        Assert.Contains("\"forked_from\"", await OkAsync("history", $"{id}-fork", "--json"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_memory_goes_through_a_file_and_standard_streams()
    {
        using var folder = new TempFolder();
        string id = await fixture.NewMemoryAsync();
        await OkAsync("inject", id, "Maria lives in Lisbon. Peter works as a baker.");
        string file = Path.Combine(folder.Path, "a.latentdb");
        string secret = Path.Combine(folder.Path, "secret");
        await File.WriteAllTextAsync(secret, "correct horse – ñandú\n");

        await OkAsync("export", id, file, "--passphrase-file", secret);
        Outcome again = await RunAsync(null, "export", id, file);
        Outcome bare = await RunAsync(null, "import", file, $"{id}-2");
        string imported = await OkAsync("import", file, $"{id}-2", "--passphrase-file", secret, "--json");

        Assert.Equal(2, again.ExitCode);
        Assert.Equal(1, bare.ExitCode);
        Assert.Contains("\"version\": 2", imported, StringComparison.Ordinal);
        Assert.Equal([file, secret], Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_folder_that_no_server_has_open_is_served_without_a_model()
    {
        using var folder = new TempFolder();
        string data = Path.Combine(folder.Path, "data");
        string file = Path.Combine(folder.Path, "a.latentdb");
        await using (SiloProcess silo = await SiloProcess.StartAsync(data))
        {
            string server = silo.Address.ToString();
            while ((await RunAsync(null, "memories", "create", "bob", "--server", server)).ExitCode != 0) await Task.Delay(100);
            await OkAsync("inject", "bob", "Maria lives in Lisbon.", "--server", server);
            Outcome locked = await RunAsync(null, "store", "export", "bob", file, "--data", data);
            Assert.Equal(1, locked.ExitCode);
            Assert.Contains("shard_locked", Assert.Single(locked.Errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
            await silo.KillAsync();
        }

        await OkAsync("store", "export", "bob", file, "--data", data);
        string imported = await OkAsync("store", "import", file, "eve", "--data", data);
        Outcome nowhere = await RunAsync(null, "store", "export", "bob", file, "--force", "--data", Path.Combine(folder.Path, "mistyped"));

        Assert.Contains("version is 2", imported, StringComparison.Ordinal);
        Assert.Equal(2, nowhere.ExitCode);
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

    private Task<string> OkAsync(params string[] arguments) => CommandLine.Over(fixture.Silo).OkAsync(arguments);

    private Task<Outcome> RunAsync(string? input, params string[] arguments) => (CommandLine.Over(fixture.Silo) with { Input = input }).RunAsync(arguments);
}
