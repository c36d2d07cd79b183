using System.Text.Json;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>A conversation from standard input.</summary>
public sealed class ChatTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    [Fact]
    public async Task Questions_and_commands_are_answered_line_by_line()
    {
        string id = await fixture.NewMemoryAsync();
        const string talk = """
            /inject Maria lives in Lisbon. Peter works as a baker.
            Where does Maria live?
            /snapshot lisbon
            /inject Maria moved to Oslo.
            Where does Maria live?
            /at lisbon
            Where does Maria live?
            /at
            /rollback lisbon
            Where does Maria live?
            /versions
            /quit
            This is not reached.
            """;

        string output = await (CommandLine.Over(fixture.Silo) with { Input = talk }).OkAsync("chat", id, "--turns", "0", "--max-tokens", "8");

        string[] answers = [.. output.Split('\n').Select(l => l.Trim()).Where(l => l is "Lisbon" or "Oslo")];
        Assert.Equal(["Lisbon", "Oslo", "Lisbon", "Lisbon"], answers);
        Assert.Contains("lisbon names version 2", output, StringComparison.Ordinal);
        Assert.Contains("version 4 has the content of version 2", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_json_every_line_is_a_document_and_what_is_remembered_is_said()
    {
        string id = await fixture.NewMemoryAsync();
        const string talk = "Maria lives in Lisbon. Peter works as a baker.\n/versions\n";

        string output = await (CommandLine.Over(fixture.Silo) with { Input = talk }).OkAsync("chat", id, "--remember", "user", "--max-tokens", "4", "--json");

        JsonElement[] lines = [.. output.TrimEnd('\n').Split('\n').Select(l => JsonSerializer.Deserialize<JsonElement>(l))];
        Assert.Equal(2, lines[0].GetProperty("remembered_as").GetInt64());
        Assert.Equal(1, lines[0].GetProperty("answer").GetProperty("version").GetInt64());
        Assert.Equal("inject", lines[1][0].GetProperty("cause").GetString());
    }

    [Fact]
    public async Task After_an_answer_without_a_word_the_chat_goes_on()
    {
        string id = await fixture.NewMemoryAsync();
        const string talk = "Where is Bob?\n/inject Maria lives in Lisbon. Peter works as a baker.\nWhere does Maria live?\n";

        string output = await (CommandLine.Over(fixture.Silo) with { Input = talk }).OkAsync("chat", id, "--max-tokens", "8");

        Assert.EndsWith("Lisbon\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "/rollback nosuch")]
    [InlineData(2, "/nonsense")]
    [InlineData(2, "/snapshot")]
    public async Task In_a_script_a_refused_line_ends_the_chat(int exitCode, string line)
    {
        string id = await fixture.NewMemoryAsync();

        Outcome outcome = await (CommandLine.Over(fixture.Silo) with { Input = $"{line}\n/versions\n" }).RunAsync("chat", id);

        Assert.Equal(exitCode, outcome.ExitCode);
        Assert.Empty(outcome.Output);
    }
}
