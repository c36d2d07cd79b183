using System.Text.Json;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Cli;

/// <summary>Every verb that the help lists answers with JSON when it is told to; a new one without a line here fails.</summary>
public sealed class JsonEverywhereTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Id = "walked";

    /// <summary>They speak no answers: a server in this terminal, scripts for shells, a protocol of its own.</summary>
    private static readonly string[] NoAnswer = ["serve", "completion bash", "completion zsh", "completion fish", "mcp"];

    [Fact]
    public async Task Every_verb_answers_with_json()
    {
        using var folder = new TempFolder();
        CommandLine shell = CommandLine.Over(fixture.Silo).With("LATENTDB_CONFIG", Path.Combine(folder.Path, "config.json"));
        (string Verb, string[] Arguments)[] calls = [.. Calls(Path.Combine(folder.Path, "a.latentdb")), .. Evaluations(folder.Path)];

        foreach ((string verb, string[] arguments) in calls)
        {
            string output = await (shell with { Input = "/versions\n" }).OkAsync([.. verb.Split(' '), .. arguments, "--json"]);
            Assert.True(IsJson(output), $"{verb} --json printed:\n{output}");
        }

        IReadOnlyList<string> laterVerbs = await LaterVerbsAsync(shell);
        IReadOnlyList<string> operatorVerbs = await OperatorVerbsAsync(Path.Combine(folder.Path, "keys.json"));
        Assert.Equal(await WalkAsync(shell, []), calls.Select(c => c.Verb).Concat(laterVerbs).Concat(operatorVerbs).Concat(NoAnswer.Except(["mcp"])).Distinct().Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_json_on_standard_error()
    {
        Outcome outcome = await CommandLine.Over(fixture.Silo).RunAsync("memories", "get", "nobody", "--json");

        JsonElement error = JsonSerializer.Deserialize<JsonElement>(outcome.Errors);
        Assert.Empty(outcome.Output);
        Assert.Equal(("memory_not_found", 404, 1), (error.GetProperty("code").GetString(), error.GetProperty("status").GetInt32(), error.GetProperty("exit_code").GetInt32()));
    }

    /// <summary>In an order in which each finds what it needs.</summary>
    private static (string Verb, string[] Arguments)[] Calls(string archive) =>
    [
        ("memories create", [Id]),
        ("memories list", []),
        ("memories get", [Id]),
        ("inject", [Id, "Maria lives in Lisbon. Peter works as a baker."]),
        ("ask", [Id, "Where does Maria live?", "--max-tokens", "4"]),
        ("chat", [Id]),
        ("versions", [Id]),
        ("history", [Id]),
        ("snapshot create", [Id, "mark"]),
        ("snapshot list", [Id]),
        ("snapshot delete", [Id, "mark"]),
        ("rollback", [Id, "1"]),
        ("diff", [Id, "1"]),
        ("fork", [Id, $"{Id}-fork"]),
        ("export", [Id, archive]),
        ("import", [archive, $"{Id}-import"]),
        ("store export", [Id, archive, "--force"]),
        ("store import", [archive, $"{Id}-import-2"]),
        ("store stats", []),
        ("store inspect", []),
        ("store scrub", []),
        ("store compact", []),
        ("store rotate-keys", ["tenant"]),
        ("erase", [$"{Id}-fork", "--yes"]),
        ("operations list", [Id]),
        ("memories delete", [Id, "--yes"]),
        ("demo", []),
        ("me", []),
        ("config set", ["tenant", "default"]),
        ("config unset", ["tenant"]),
        ("config show", []),
        ("config path", []),
    ];

    private static (string Verb, string[] Arguments)[] Evaluations(string folder)
    {
        string squad = Path.Combine(folder, "squad.json");
        string locomo = Path.Combine(folder, "locomo.json");
        File.WriteAllText(squad, """{"data":[{"paragraphs":[{"context":"Maria lives in Lisbon.","qas":[{"question":"Where does Maria live?","answers":[{"text":"Lisbon"}]}]}]}]}""");
        File.WriteAllText(locomo, """[{"conversation":{"session_1":[{"speaker":"Ann","text":"Hello."}]},"qa":[{"question":"Who?","answer":"Ann","category":4}]}]""");
        return
        [
            ("eval retention", ["--limit", "1", "--steps", "0,1", "-o", Path.Combine(folder, "r")]),
            ("eval squad-retention", [squad, squad, "--steps", "0", "--context-words", "4", "-o", Path.Combine(folder, "s")]),
            ("eval update", ["--limit", "1", "--distances", "0+0", "-o", Path.Combine(folder, "u")]),
            ("eval forget", ["--limit", "1", "-o", Path.Combine(folder, "f")]),
            ("eval isolation", ["--limit", "1", "-o", Path.Combine(folder, "i")]),
            ("eval copies", ["--limit", "1", "--writes", "1", "-o", Path.Combine(folder, "c")]),
            ("eval locomo", [locomo, "-o", Path.Combine(folder, "l")]),
        ];
    }

    /// <summary>They need the id of an operation. One that has ended cannot be called off, which is a refusal as JSON.</summary>
    private async Task<IReadOnlyList<string>> LaterVerbsAsync(CommandLine shell)
    {
        string id = await fixture.NewMemoryAsync();
        string operation = JsonSerializer.Deserialize<JsonElement>(await shell.OkAsync("inject", id, "Maria lives in Lisbon.", "--async", "--json")).GetProperty("id").GetString()!;
        JsonElement ended = JsonSerializer.Deserialize<JsonElement>(await shell.OkAsync("operations", "wait", id, operation, "--json"));
        JsonElement shown = JsonSerializer.Deserialize<JsonElement>(await shell.OkAsync("operations", "get", id, operation, "--json"));
        Outcome tooLate = await shell.RunAsync("operations", "cancel", id, operation, "--json");

        Assert.Equal(("succeeded", "succeeded", 1), (ended.GetProperty("status").GetString(), shown.GetProperty("status").GetString(), tooLate.ExitCode));
        Assert.True(IsJson(tooLate.Errors), tooLate.Errors);
        return ["operations wait", "operations get", "operations cancel"];
    }

    /// <summary>On a server of their own, because from the first key on nobody comes in without one.</summary>
    private static async Task<IReadOnlyList<string>> OperatorVerbsAsync(string config)
    {
        await using RunningSilo silo = await RunningSilo.StartAsync();
        CommandLine shell = CommandLine.Over(silo).With("LATENTDB_CONFIG", config);
        List<string> called = [];
        JsonElement made = await CallAsync("keys create", "--operator", "--save");
        JsonElement key = await CallAsync("keys create", "--role", "reader", "--expires", "90d");
        string id = key.GetProperty("key_id").GetString()!;
        await CallAsync("keys list");
        await CallAsync("keys get", id);
        await CallAsync("keys rotate", id, "--grace", "1h");
        await CallAsync("keys revoke", id);
        await CallAsync("usage");
        await CallAsync("tenants create", "acme", "--memories", "5");
        await CallAsync("tenants list");
        await CallAsync("tenants get", "acme");
        await CallAsync("tenants limit", "acme", "--tokens-per-minute", "1000");
        await CallAsync("tenants suspend", "acme");
        await CallAsync("tenants resume", "acme");
        await CallAsync("tenants delete", "acme");
        await CallAsync("audit list", "--all");
        await CallAsync("audit verify");
        await CallAsync("audit export", $"{config}.audit");

        Assert.False(made.TryGetProperty("key", out _));
        Assert.StartsWith("ldb_", key.GetProperty("key").GetString(), StringComparison.Ordinal);
        return called;

        async Task<JsonElement> CallAsync(string verb, params string[] arguments)
        {
            string output = await shell.OkAsync([.. verb.Split(' '), .. arguments, "--json"]);
            if (!called.Contains(verb)) called.Add(verb);
            return JsonSerializer.Deserialize<JsonElement>(output);
        }
    }

    private static async Task<IReadOnlyList<string>> WalkAsync(CommandLine shell, string[] path)
    {
        string help = await shell.OkAsync([.. path, "--help"]);
        int start = help.IndexOf("\nCommands:\n", StringComparison.Ordinal);
        if (start < 0) return [string.Join(' ', path)];
        List<string> verbs = [];
        foreach (string line in help[(start + 11)..].Split('\n').TakeWhile(l => l.Length > 0))
        {
            // Names stand two blanks deep; a description that is wrapped goes on deeper.
            if (!line.StartsWith("  ", StringComparison.Ordinal) || line.Length < 3 || line[2] == ' ') continue;
            string verb = line.Trim().Split(' ')[0];
            if (verb != "mcp") verbs.AddRange(await WalkAsync(shell, [.. path, verb]));
        }

        return [.. verbs.Order(StringComparer.Ordinal)];
    }

    /// <summary>One document, or one to a line.</summary>
    private static bool IsJson(string output) => Parses(output) || output.TrimEnd('\n').Split('\n').All(Parses);

    private static bool Parses(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
