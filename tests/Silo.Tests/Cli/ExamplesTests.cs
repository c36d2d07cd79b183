using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>What stands under examples does what it says.</summary>
public sealed class ExamplesTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    [RequiresCommandFact("bash")]
    public async Task The_poisoned_bot_is_brought_back()
    {
        string output = await RunScriptAsync("support-bot.sh", "bot");

        Assert.Contains("before: Lisbon", output, StringComparison.Ordinal);
        Assert.Contains("poisoned: Oslo", output, StringComparison.Ordinal);
        Assert.Contains("visitor 4711", output, StringComparison.Ordinal);
        Assert.Contains("after: Lisbon", output, StringComparison.Ordinal);
    }

    [RequiresCommandFact("curl")]
    public async Task The_bad_inject_is_found_by_halving_the_history()
    {
        string output = await RunScriptAsync("bisect.sh");

        Assert.Equal(
            [
                "version 2 says Lisbon, version 5 says Oslo",
                "version 4 is the first wrong one; it was told: Maria moved to Oslo.",
                "after the rollback to version 3: Lisbon",
                "and what came after it is known again: tea",
            ],
            output.TrimEnd().Split('\n'));
    }

    [RequiresCommandFact("bash")]
    public async Task Notes_are_imported_once_however_often_it_is_started()
    {
        using var notes = new TempFolder();
        await File.WriteAllTextAsync(Path.Combine(notes.Path, "a.md"), "Maria lives in Lisbon. Peter works as a baker.");

        string first = await RunScriptAsync("import-notes.sh", notes.Path, "notes");
        long head = await fixture.Silo.HeadAsync("notes");
        await File.WriteAllTextAsync(Path.Combine(notes.Path, "b.txt"), "Anna drives a red car. Hugo keeps a parrot.");
        string second = await RunScriptAsync("import-notes.sh", notes.Path, "notes");

        Assert.Contains("1 written", first, StringComparison.Ordinal);
        Assert.Contains("1 was there, 1 written", second, StringComparison.Ordinal);
        Assert.Equal(head + 1, await fixture.Silo.HeadAsync("notes"));
    }

    [Fact]
    public async Task The_agent_remembers_across_restarts()
    {
        await RunAgentAsync("Maria lives in Lisbon. Peter works as a baker.");

        string later = await RunAgentAsync("Where does Maria live?");

        Assert.Equal("Lisbon", later.Trim());
    }

    /// <summary>With a latentdb on PATH that is the built one.</summary>
    private async Task<string> RunScriptAsync(string script, params string[] arguments)
    {
        using var bin = new TempFolder();
        string program = Path.Combine(bin.Path, "latentdb");
        await File.WriteAllTextAsync(program, $"#!/bin/sh\nexec dotnet '{BuiltPrograms.Path("Cli")}' \"$@\"\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string words = string.Join(' ', arguments.Select(a => $"'{a}'"));
        return await Shell.RunAsync($"PATH='{bin.Path}':\"$PATH\" LATENTDB_CONFIG='{bin.Path}/none' LATENTDB_SERVER='{fixture.Silo.Http.BaseAddress}' '{RepositoryFiles.Combine("examples", script)}' {words}");
    }

    private async Task<string> RunAgentAsync(string said)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string agent = RepositoryFiles.Combine("examples", "ChatAgent", "bin", output.Parent!.Name, output.Name, "LatentDb.ChatAgent.dll");
        CommandLine shell = CommandLine.Over(fixture.Silo) with { Program = ["dotnet", agent], Input = $"{said}\n" };
        return await shell.OkAsync("remembering");
    }
}
