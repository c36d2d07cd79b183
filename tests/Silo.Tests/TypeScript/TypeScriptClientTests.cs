using System.Text.Json;
using System.Text.RegularExpressions;
using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.TypeScript;

/// <summary>The TypeScript client: its types are the server's, it compiles under strict rules, and it does what it says from Node.</summary>
public sealed partial class TypeScriptClientTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    /// <summary>Operations without a method in the client, each for its reason.</summary>
    private static readonly Dictionary<string, string> LeftOut = new(StringComparer.Ordinal)
    {
        ["/v1/admin/"] = "operators use the command line",
        ["/v1/chat/"] = "OpenAI's own client speaks it",
        ["/v1/models"] = "OpenAI's own client speaks it",
        ["/v1/audit"] = "operators use the command line",
        ["/mcp"] = "MCP clients speak it",
        ["/healthz"] = "for what watches the process",
        ["/livez"] = "for what watches the process",
        ["/metrics"] = "for what watches the process",
        ["/v1/memories/{id}/export"] = "moving archives is the command line's",
        ["/v1/memories/import"] = "moving archives is the command line's",
    };

    [Fact]
    public async Task The_types_are_those_of_the_openapi_document()
    {
        JsonElement document = (await fixture.Silo.GetAsync("/openapi/v1.json")).Require(200).Body;
        HashSet<string> operations = [.. Offered(document).Select(o => o.Id)];
        string path = Path.Combine(TypeScriptClient.Folder, "src", "schema.ts");
        string now = new SchemaTypes(document).Write(operations);
        if (Environment.GetEnvironmentVariable("UPDATE_CONTRACTS") == "1") await File.WriteAllTextAsync(path, now);

        Assert.Equal((await File.ReadAllTextAsync(path)).Split('\n'), now.Split('\n'));
    }

    [Fact]
    public async Task Every_operation_has_a_method_or_a_reason_to_have_none()
    {
        JsonElement document = (await fixture.Silo.GetAsync("/openapi/v1.json")).Require(200).Body;
        string source = string.Concat(Directory.EnumerateFiles(Path.Combine(TypeScriptClient.Folder, "src"), "*.ts").Where(f => !f.EndsWith("schema.ts", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(File.ReadAllText));
        HashSet<string> called = [.. Paths().Matches(source).Select(m => Shape(m.Groups["path"].Value))];

        IEnumerable<string> missing = Offered(document).Where(o => !called.Contains(Shape(o.Path))).Select(o => $"{o.Id} ({o.Path})");

        Assert.Empty(missing);
    }

    [RequiresTypeScriptFact]
    public async Task It_compiles_and_does_what_it_says_against_a_running_server()
    {
        using var folder = new TempFolder();
        await TypeScriptClient.CompileAsync(folder.Path);
        string tests = Path.Combine(TypeScriptClient.Folder, "test", "client.test.mjs");

        string output = await Shell.RunAsync($"LATENTDB_SERVER='{fixture.Silo.Http.BaseAddress}' LATENTDB_MODULE='{folder.Path}/index.js' node --test --test-reporter=tap '{tests}'");

        Assert.Contains("# fail 0", output, StringComparison.Ordinal);
        Assert.DoesNotContain("# tests 0", output, StringComparison.Ordinal);
    }

    private static IEnumerable<Operation> Offered(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        where !LeftOut.Keys.Any(prefix => path.Name.StartsWith(prefix, StringComparison.Ordinal))
        where path.Name.StartsWith("/v1/", StringComparison.Ordinal) || path.Name == "/readyz"
        from method in path.Value.EnumerateObject()
        select new Operation(method.Value.GetProperty("operationId").GetString()!, path.Name);

    /// <summary>A path without what stands in its holes: the memory's own path is written once in the client.</summary>
    private static string Shape(string path)
    {
        const string memory = "/v1/memories/{}";
        string whole = path.Length == 0 || (path[0] == '/' && !path.StartsWith("/v1/", StringComparison.Ordinal) && path != "/readyz") ? memory + path : path;
        string bare = Holes().Replace(whole.Replace("${this.#path}", memory, StringComparison.Ordinal), "{}").TrimStart('/');
        return bare.EndsWith("{}", StringComparison.Ordinal) && !bare.EndsWith("/{}", StringComparison.Ordinal) ? bare[..^2] : bare;
    }

    /// <summary>Quoted paths: whole ones, and those below a memory, which begin with a slash.</summary>
    [GeneratedRegex("[\"`](?<path>(?:v1/|readyz|\\$\\{this\\.#path\\}/)[^\"`]*)[\"`]|#(?:get|write)(?:<[^>]*>)?\\((?:\"[A-Z]+\", )?[\"`](?<path>[^\"`]*)[\"`]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Paths();

    [GeneratedRegex(@"\$?\{(?:[^{}]|\{[^{}]*\})*\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Holes();

    private sealed record Operation(string Id, string Path);
}
