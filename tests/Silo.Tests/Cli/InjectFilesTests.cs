using System.Text.Json;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>Files, folders and patterns into a memory.</summary>
public sealed class InjectFilesTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private CommandLine Shell => CommandLine.Over(fixture.Silo);

    [Fact]
    public async Task A_folder_is_written_once_however_often_the_command_is_run()
    {
        using TempFolder notes = Notes();
        string id = await fixture.NewMemoryAsync();

        JsonElement first = await InjectAsync(id, "--file", notes.Path);
        long head = await fixture.Silo.HeadAsync(id);
        JsonElement second = await InjectAsync(id, "--file", notes.Path);

        Assert.Equal(["a.md written", "pic.png no text", "sub/b.txt written", "sub/empty.txt empty"], States(first));
        Assert.Equal(3, head);
        Assert.Equal(["a.md was there", "pic.png no text", "sub/b.txt was there", "sub/empty.txt empty"], States(second));
        Assert.Equal(head, await fixture.Silo.HeadAsync(id));
        Assert.Equal("Lisbon", (await Shell.OkAsync("ask", id, "Where does Maria live?", "--max-tokens", "8")).Trim());
    }

    [Fact]
    public async Task A_run_that_was_broken_off_goes_on_where_it_was()
    {
        using TempFolder notes = Notes();
        string id = await fixture.NewMemoryAsync();
        await InjectAsync(id, "--file", Path.Combine(notes.Path, "a.md"), "--file", Path.Combine(notes.Path, "pic.png"));

        JsonElement rest = await InjectAsync(id, "--file", notes.Path);

        Assert.Equal(["a.md was there", "pic.png no text", "sub/b.txt written", "sub/empty.txt empty"], States(rest));
    }

    [Fact]
    public async Task A_changed_file_is_written_and_again_writes_all()
    {
        using TempFolder notes = Notes();
        string id = await fixture.NewMemoryAsync();
        await InjectAsync(id, "--file", notes.Path);
        await File.WriteAllTextAsync(Path.Combine(notes.Path, "a.md"), "Maria moved to Oslo.");

        JsonElement changed = await InjectAsync(id, "--file", notes.Path);
        JsonElement again = await InjectAsync(id, "--file", notes.Path, "--again");

        Assert.Equal(["a.md written", "pic.png no text", "sub/b.txt was there", "sub/empty.txt empty"], States(changed));
        Assert.Equal(["a.md written", "pic.png no text", "sub/b.txt written", "sub/empty.txt empty"], States(again));
    }

    [Fact]
    public async Task Patterns_include_and_exclude_choose_files()
    {
        using TempFolder notes = Notes();
        string id = await fixture.NewMemoryAsync();

        JsonElement pattern = await InjectAsync(id, "--file", Path.Combine(notes.Path, "**", "*.txt"), "--exclude", "empty*");
        JsonElement include = await InjectAsync(id, "--file", notes.Path, "--include", "*.md");

        Assert.Equal(["sub/b.txt written"], States(pattern));
        Assert.Equal(["a.md written"], States(include));
    }

    [Fact]
    public async Task A_long_file_becomes_versions_that_say_which_part_they_are()
    {
        using var folder = new TempFolder();
        string id = await fixture.NewMemoryAsync();
        string file = Path.Combine(folder.Path, "long.txt");
        await File.WriteAllTextAsync(file, string.Join("\n\n", Enumerable.Range(0, 2200).Select(i => $"Paragraph {i} says little.")));

        JsonElement report = await InjectAsync(id, "--file", file, "--metadata", """{"import":7}""");

        Assert.Equal(2, report.GetProperty("files")[0].GetProperty("parts").GetInt32());
        JsonElement newest = (await fixture.Silo.GetAsync($"/v1/memories/{id}/versions/3")).Require(200).Body.GetProperty("metadata");
        Assert.Equal(("long.txt", "2/2", 7), (newest.GetProperty("source").GetString(), newest.GetProperty("part").GetString(), newest.GetProperty("import").GetInt32()));
        string text = (await fixture.Silo.GetAsync($"/v1/memories/{id}/versions/3/text")).Require(200).Body.GetProperty("text").GetString()!;
        Assert.StartsWith("Paragraph ", text, StringComparison.Ordinal);
        Assert.EndsWith("Paragraph 2199 says little.", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--file", "/nonexistent/folder/*.md")]
    [InlineData("--file", "/nonexistent", "--file", "/nonexistent")]
    public async Task What_is_not_there_is_named(params string[] arguments)
    {
        Outcome outcome = await Shell.RunAsync(["inject", "x", .. arguments]);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("/nonexistent", outcome.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_ends_the_run_with_what_was_done_and_where_it_stopped()
    {
        using TempFolder notes = Notes();

        Outcome outcome = await Shell.RunAsync("inject", "nobody", "--file", notes.Path, "--json");

        Assert.Equal(1, outcome.ExitCode);
        JsonElement stopped = JsonSerializer.Deserialize<JsonElement>(outcome.Output).GetProperty("stopped");
        Assert.Equal(("a.md", "memory_not_found"), (stopped.GetProperty("file").GetString(), stopped.GetProperty("code").GetString()));
    }

    private static TempFolder Notes()
    {
        var folder = new TempFolder();
        string sub = Directory.CreateDirectory(Path.Combine(folder.Path, "sub")).FullName;
        string hidden = Directory.CreateDirectory(Path.Combine(folder.Path, ".git")).FullName;
        File.WriteAllText(Path.Combine(folder.Path, "a.md"), "Maria lives in Lisbon. Peter works as a baker.\n");
        File.WriteAllBytes(Path.Combine(folder.Path, "pic.png"), [0x89, (byte)'P', (byte)'N', (byte)'G', 0, 1, 2]);
        File.WriteAllText(Path.Combine(sub, "b.txt"), "Anna drives a red car. Hugo keeps a parrot.\n");
        File.WriteAllText(Path.Combine(sub, "empty.txt"), " \n");
        File.WriteAllText(Path.Combine(hidden, "config"), "Not to be read.\n");
        return folder;
    }

    private async Task<JsonElement> InjectAsync(string id, params string[] arguments) =>
        JsonSerializer.Deserialize<JsonElement>(await Shell.OkAsync(["inject", id, .. arguments, "--json"]));

    private static IEnumerable<string> States(JsonElement report) =>
        report.GetProperty("files").EnumerateArray().Select(f => $"{f.GetProperty("file").GetString()} {f.GetProperty("state").GetString()}");
}
