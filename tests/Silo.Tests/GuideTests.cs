using System.Text.Json;
using System.Text.RegularExpressions;
using LatentDb.Silo.Tests.Client;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests;

/// <summary>The examples of the documents are run as they stand, against a new server.</summary>
public sealed partial class GuideTests
{
    private const string Written = "http://127.0.0.1:5080";

    /// <summary>What an example's answer has in common with the real one to the letter; other values depend on time and chance.</summary>
    private static readonly string[] Exact =
        ["id", "version", "text", "finish_reason", "cause", "restored_from", "parent", "name", "type", "title", "status", "detail", "code", "remedy", "tokens", "chunks", "writes", "is_replay", "metadata", "usage", "next_cursor"];

    [RequiresCommandFact("curl")]
    public Task Every_command_of_the_guide_gives_the_answer_that_the_guide_shows() => RunPageAsync("docs/guide.md");

    [RequiresCommandFact("curl")]
    public Task Every_command_of_the_quick_start_gives_the_answer_that_it_shows() => RunPageAsync("docs/quickstart.md");

    [RequiresCommandFact("curl")]
    public Task Every_command_of_the_openai_page_gives_the_answer_that_the_page_shows() => RunPageAsync("docs/openai.md");

    [RequiresCommandFact("curl")]
    public Task Every_command_of_the_mcp_page_gives_the_answer_that_the_page_shows() => RunPageAsync("docs/mcp.md");

    [RequiresCommandFact("curl")]
    public async Task Every_curl_line_of_the_readme_succeeds_in_its_order()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync();
        string[] lines = [.. Lines("README.md").Where(l => l.StartsWith("curl ", StringComparison.Ordinal))];

        foreach (string line in lines) await Shell.RunAsync(Adapt(line.Replace("curl ", "curl --fail-with-body ", StringComparison.Ordinal), silo));

        Assert.NotEmpty(lines);
    }

    [Fact]
    public async Task The_csharp_of_the_guide_is_code_that_runs()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync();
        Block example = Assert.Single(Read("docs/guide.md"), b => b.Language == "csharp");
        string[] compiled = [.. Lines("tests/Silo.Tests/Client/GuideExample.cs").Select(l => l.Trim())];

        await GuideExample.RunAsync(silo.Http.BaseAddress!);

        Assert.All(example.Text.Split('\n'), line => Assert.Contains(line.Trim(), compiled));
    }

    private static async Task RunPageAsync(string page)
    {
        await using RunningSilo silo = await RunningSilo.StartAsync();
        Block[] blocks = Read(page);

        for (int i = 0; i < blocks.Length; i++)
        {
            if (blocks[i].Language != "sh") continue;
            string output = await Shell.RunAsync(Adapt(blocks[i].Text, silo));
            if (i + 1 < blocks.Length && blocks[i + 1].Language == "json") Compare(Parse(blocks[i + 1].Text), Parse(output), blocks[i].Text);
            if (i + 1 < blocks.Length && blocks[i + 1].Language == "text") CompareLines(blocks[i + 1].Text, output);
        }
    }

    private static string Adapt(string commands, RunningSilo silo)
    {
        string address = silo.Http.BaseAddress!.ToString().TrimEnd('/');
        string adapted = commands.Replace(Written, address, StringComparison.Ordinal)
            .Replace("dotnet run --project src/Cli --", $"dotnet '{BuiltPrograms.Path("Cli")}'", StringComparison.Ordinal);
        return $"export LATENTDB_SERVER={address}\n{adapted}";
    }

    private static Block[] Read(string document) =>
        [.. Fences().Matches(File.ReadAllText(RepositoryFiles.Combine(document))).Select(m => new Block(m.Groups["language"].Value, m.Groups["text"].Value))];

    private static string[] Lines(string path) => File.ReadAllLines(RepositoryFiles.Combine(path));

    private static JsonElement Parse(string json) => JsonSerializer.Deserialize<JsonElement>(json);

    private static void Compare(JsonElement shown, JsonElement real, string where)
    {
        Assert.True(shown.ValueKind == real.ValueKind, $"{where}\n{real}");
        if (shown.ValueKind == JsonValueKind.Array && shown.GetArrayLength() > 0) Compare(shown[0], real[0], where);
        if (shown.ValueKind != JsonValueKind.Object) return;
        Assert.Equal(shown.EnumerateObject().Select(p => p.Name), real.EnumerateObject().Select(p => p.Name));
        foreach (JsonProperty property in shown.EnumerateObject())
        {
            JsonElement value = real.GetProperty(property.Name);
            if (Exact.Contains(property.Name)) Assert.True(IsAsShown(property.Value, value), $"{where}\n{property.Name} is {value}");
            else Compare(property.Value, value, where);
        }
    }

    /// <summary>A text that the document cuts with dots is compared up to there.</summary>
    private static bool IsAsShown(JsonElement shown, JsonElement real) =>
        shown.ValueKind == JsonValueKind.String && shown.GetString() is { } text && text.EndsWith("...", StringComparison.Ordinal)
            ? real.GetString()!.StartsWith(text[..^3], StringComparison.Ordinal)
            : JsonElement.DeepEquals(shown, real);

    /// <summary>Line by line; a line that the document cuts with dots is compared up to there.</summary>
    private static void CompareLines(string shown, string real)
    {
        string[] lines = real.TrimEnd().Split('\n');
        string[] expected = shown.Split('\n');
        Assert.Equal(expected.Length, lines.Length);
        Assert.All(expected.Zip(lines), pair => Assert.StartsWith(pair.First.Split("...")[0], pair.Second, StringComparison.Ordinal));
    }

    [GeneratedRegex("^```(?<language>[a-z]*)\n(?<text>.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Fences();

    private sealed record Block(string Language, string Text);
}
