using System.Text.Json;
using LatentDb.Silo.Tests.Security;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Mcp;

/// <summary>A tool is judged by the key that its call comes with, as the route that does the same is.</summary>
public sealed class McpKeyTests
{
    private const string Remember = """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"remember","arguments":{"memory":"bob","text":"one"}}}""";
    private const string Recall = """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"recall","arguments":{"memory":"bob","question":"What?"}}}""";
    private const string List = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";

    [Fact]
    public async Task A_readers_key_is_offered_what_a_reader_may_do_and_nothing_else_is_done()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string reader = await keyed.NewKeyAsync("reader", "acme");
        string writer = await keyed.NewKeyAsync("writer", "acme");
        (await keyed.PostAsync(writer, "/v1/memories", """{"id":"bob"}""")).Require(201);

        string[] offered = [.. ResultOf(await keyed.PostAsync(reader, "/mcp", List)).GetProperty("tools").EnumerateArray().Select(t => t.GetProperty("name").GetString()!)];
        string refused = TextOf(await keyed.PostAsync(reader, "/mcp", Remember));
        string done = TextOf(await keyed.PostAsync(writer, "/mcp", Remember));

        Assert.Equal(["recall", "list_versions", "diff", "list_memories"], offered);
        Assert.StartsWith("forbidden: ", refused, StringComparison.Ordinal);
        Assert.StartsWith("Remembered as version 2 ", done, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_tenants_memory_is_as_one_that_is_not_there()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string owner = await keyed.NewKeyAsync("writer", "acme");
        string stranger = await keyed.NewKeyAsync("admin", "other");
        (await keyed.PostAsync(owner, "/v1/memories", """{"id":"bob"}""")).Require(201);

        Assert.StartsWith("memory_not_found: ", TextOf(await keyed.PostAsync(stranger, "/mcp", Recall)), StringComparison.Ordinal);
        Assert.StartsWith("memory_not_found: ", TextOf(await keyed.PostAsync(stranger, "/mcp", Remember)), StringComparison.Ordinal);
        Assert.Equal(401, (await keyed.PostAsync("ldb_nobody", "/mcp", List)).Status);
    }

    [Fact]
    public async Task What_a_tool_writes_is_in_the_audit_log_when_its_answer_is_there()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("admin", "acme");
        (await keyed.PostAsync(key, "/v1/memories", """{"id":"bob"}""")).Require(201);
        TextOf(await keyed.PostAsync(key, "/mcp", Remember));
        TextOf(await keyed.PostAsync(key, "/mcp", Recall));

        JsonElement[] lines = [.. (await keyed.GetAsync(key, "/v1/audit")).Require(200).Body.GetProperty("items").EnumerateArray()];

        Assert.Equal(["createKey", "createMemory", "inject"], lines.Select(l => l.GetProperty("action").GetString()));
        Assert.Equal("bob", lines[^1].GetProperty("target").GetString());
    }

    private static string TextOf(Reply reply) => ResultOf(reply).GetProperty("content")[0].GetProperty("text").GetString()!;

    private static JsonElement ResultOf(Reply reply)
    {
        string data = Assert.Single(reply.Require(200).Text.Split('\n'), l => l.StartsWith("data: ", StringComparison.Ordinal));
        return JsonSerializer.Deserialize<JsonElement>(data["data: ".Length..]).GetProperty("result");
    }
}
