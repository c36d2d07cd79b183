using System.Text.Json;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>The evaluation against a real server with the shipped model: few questions, every protocol.</summary>
public sealed class EvalTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    [Fact]
    public async Task Facts_are_kept_forgotten_and_nobody_elses()
    {
        using var folder = new TempFolder();

        JsonElement retention = await RunAsync(folder, "retention", "--limit", "4", "--steps", "0,40", "--rows-per-write", "32", "--pool-rows", "256");
        JsonElement forget = await RunAsync(folder, "forget", "--limit", "4");
        JsonElement isolation = await RunAsync(folder, "isolation", "--limit", "4");
        JsonElement copies = await RunAsync(folder, "copies", "--limit", "4", "--writes", "2");

        // After 40 writes half a percent of a text's rows is left in the pool: what is still known comes from the bank.
        Assert.InRange(Accuracy(retention, "pool+bank"), 0.75, 1);
        Assert.InRange(Accuracy(retention, "pool"), 0, 0.25);
        Assert.Equal(1, Accuracy(forget, "told"));
        Assert.Equal((1, 1), (Accuracy(forget, "as fresh after rollback"), Accuracy(forget, "as fresh after erase")));
        Assert.Equal((1, 1), (Accuracy(isolation, "owner"), Accuracy(isolation, "neighbour as before")));
        Assert.Equal((1, 1, 1), (Accuracy(copies, "rolled back"), Accuracy(copies, "forked"), Accuracy(copies, "exported and imported")));
        Assert.True(File.Exists(Path.Combine(folder.Path, "retention", "plot.svg")));
    }

    [Fact]
    public async Task The_newest_of_two_contradicting_texts_wins()
    {
        using var folder = new TempFolder();

        JsonElement update = await RunAsync(folder, "update", "--limit", "8", "--distances", "0+0,2+1");

        Assert.InRange(Accuracy(update, "2+1 newest"), 0.87, 1);
        Assert.Equal(0, Accuracy(update, "2+1 outdated"));
        Assert.True(Accuracy(update, "0+0 newest") > 2 * Accuracy(update, "0+0 outdated"));
    }

    [Fact]
    public async Task A_finished_run_measures_nothing_again_and_a_run_leaves_no_memory_behind()
    {
        using var folder = new TempFolder();
        int before = await MemoriesAsync();

        JsonElement first = await RunAsync(folder, "forget", "--limit", "2");
        string journal = await File.ReadAllTextAsync(Path.Combine(folder.Path, "forget", "journal.jsonl"));
        JsonElement second = await RunAsync(folder, "forget", "--limit", "2");

        Assert.Equal(first.ToString(), second.ToString());
        Assert.Equal(journal, await File.ReadAllTextAsync(Path.Combine(folder.Path, "forget", "journal.jsonl")));
        Assert.Equal(before, await MemoriesAsync());
    }

    [Fact]
    public async Task Files_in_the_layouts_of_squad_and_locomo_are_run()
    {
        using var folder = new TempFolder();
        string squad = Path.Combine(folder.Path, "squad.json");
        string locomo = Path.Combine(folder.Path, "locomo.json");
        await File.WriteAllTextAsync(squad, """
            {"data":[{"paragraphs":[{"context":"Maria lives in Lisbon. Peter works as a baker. Anna drives a red car.","qas":[{"question":"Where does Maria live?","answers":[{"text":"Lisbon"}]}]},
            {"context":"It rained. Time passed. Nobody spoke. The door was open.","qas":[]}]}]}
            """);
        await File.WriteAllTextAsync(locomo, """
            [{"conversation":{"session_1_date_time":"noon","session_1":[{"speaker":"Ann","text":"Maria lives in Lisbon."}]},"qa":[{"question":"Where does Maria live?","answer":"Lisbon","category":4}]}]
            """);

        JsonElement asked = await RunAsync(folder, "squad-retention", squad, squad, "--steps", "0", "--context-words", "12");
        JsonElement talked = await RunAsync(folder, "locomo", locomo, "--question-format", "Question: {0} Answer:");

        Assert.Equal(1, Accuracy(asked, "pool+bank"));
        Assert.Equal("single-hop", talked.GetProperty("rows")[0].GetProperty("series").GetString());
    }

    [Fact]
    public async Task Another_setting_in_the_same_folder_is_refused()
    {
        using var folder = new TempFolder();
        await RunAsync(folder, "forget", "--limit", "1");

        Outcome outcome = await CommandLine.Over(fixture.Silo).RunAsync("eval", "forget", "--limit", "2", "--out", Path.Combine(folder.Path, "forget"));

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("another items", outcome.Errors, StringComparison.Ordinal);
    }

    private async Task<JsonElement> RunAsync(TempFolder folder, string protocol, params string[] arguments)
    {
        string output = await CommandLine.Over(fixture.Silo).OkAsync(["eval", protocol, .. arguments, "--out", Path.Combine(folder.Path, protocol), "--json"]);
        return JsonSerializer.Deserialize<JsonElement>(output);
    }

    private async Task<int> MemoriesAsync() =>
        JsonSerializer.Deserialize<JsonElement>(await CommandLine.Over(fixture.Silo).OkAsync("memories", "list", "--json")).GetArrayLength();

    private static double Accuracy(JsonElement report, string series) =>
        report.GetProperty("rows").EnumerateArray().Last(r => r.GetProperty("series").GetString() == series).GetProperty("accuracy").GetDouble();
}
