using System.Text.Json;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.Silo.Audit;
using LatentDb.Silo.Tests.Security;
using LatentDb.Silo.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LatentDb.Silo.Tests.Audit;

/// <summary>Who did what, over HTTP.</summary>
public sealed class AuditTests
{
    private const string Canary = "canary-7b1d";

    [Fact]
    public async Task Every_write_is_there_when_its_answer_is()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("admin", "acme");
        (await keyed.PostAsync(key, "/v1/memories", """{"id":"bob"}""")).Require(201);
        (await keyed.PostAsync(key, "/v1/memories/bob/inject", $$"""{"text":"{{Canary}}"}""")).Require(200);
        (await keyed.PostAsync(key, "/v1/memories/bob/snapshots", """{"name":"kept"}""")).Require(201);
        (await keyed.DeleteAsync(key, "/v1/memories/bob/snapshots/kept")).Require(204);
        (await keyed.DeleteAsync(key, "/v1/memories/nobody")).Require(404);
        Reply erased = (await keyed.DeleteAsync(key, "/v1/memories/bob")).Require(204);

        JsonElement[] lines = [.. (await keyed.GetAsync(key, "/v1/audit")).Require(200).Body.GetProperty("items").EnumerateArray()];

        Assert.Equal(
            ["createKey 201", "createMemory bob 201", "inject bob 200", "createSnapshot bob 201", "deleteSnapshot bob/kept 204", "eraseMemory nobody 404", "eraseMemory bob 204"],
            lines.Select(l => $"{Text(l, "action")} {(Text(l, "action") == "createKey" ? null : $"{Text(l, "target")} ")}{l.GetProperty("status")}"));
        Assert.All(lines, l => Assert.Equal("acme", Text(l, "tenant")));
        Assert.All(lines[1..], l => Assert.Equal(KeyedSilo.IdOf(key), Text(l, "key")));
        Assert.Equal(erased.Headers.GetValues("X-Request-Id").Single(), Text(lines[^1], "request"));
        Assert.Equal("127.0.0.1", Text(lines[^1], "address"));
        Assert.DoesNotContain(Canary, await ExportAsync(keyed), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenants_admin_sees_its_own_lines_and_an_operator_all_of_them()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string acme = await keyed.NewKeyAsync("admin", "acme");
        string other = await keyed.NewKeyAsync("admin", "other");
        (await keyed.PostAsync(acme, "/v1/memories", """{"id":"of-acme"}""")).Require(201);
        (await keyed.PostAsync(other, "/v1/memories", """{"id":"of-other"}""")).Require(201);

        string seen = (await keyed.GetAsync(other, "/v1/audit")).Require(200).Text;

        Assert.Contains("of-other", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("of-acme", seen, StringComparison.Ordinal);
        string all = (await keyed.GetAsync(keyed.OperatorKey, "/v1/admin/audit")).Require(200).Text;
        Assert.Contains("of-acme", all, StringComparison.Ordinal);
        Assert.Contains("of-other", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reads_and_refusals_are_counted_by_key_and_address()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("reader");
        for (int i = 0; i < 5; i++) (await keyed.GetAsync(key, "/v1/memories")).Require(200);
        for (int i = 0; i < 3; i++) (await keyed.PostAsync(key, "/v1/memories", "{}")).Require(403);
        for (int i = 0; i < 20; i++) await keyed.GetAsync("ldb_wrong", "/v1/memories");

        IReadOnlyList<AuditEntry> counts = keyed.Silo.Services.GetRequiredService<AuditTally>().Take();

        string id = KeyedSilo.IdOf(key);
        Assert.Equal(5, counts.Single(c => c.Key == id && c.Action == "read").Count);
        Assert.Equal(3, counts.Single(c => c.Key == id && c is { Action: "refused", Status: 403 }).Count);
        Assert.Equal(10, counts.Single(c => c is { Key: null, Action: "refused", Status: 401 }).Count);
        Assert.Equal(10, counts.Single(c => c is { Key: null, Action: "refused", Status: 429 }).Count);
        keyed.Silo.Logs.AssertOnly(4110);
    }

    [Fact]
    public async Task The_log_is_listed_page_by_page_exported_as_it_is_and_verified()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        for (int i = 0; i < 9; i++) (await keyed.PostAsync(keyed.OperatorKey, "/v1/memories", "{}")).Require(201);

        Reply first = (await keyed.GetAsync(keyed.OperatorKey, "/v1/admin/audit?limit=6")).Require(200);
        Reply second = (await keyed.GetAsync(keyed.OperatorKey, $"/v1/admin/audit?limit=6&after={first.Body.GetProperty("next_after")}")).Require(200);
        JsonElement verdict = (await keyed.GetAsync(keyed.OperatorKey, "/v1/admin/audit/verify")).Require(200).Body;
        string[] lines = (await ExportAsync(keyed)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(Enumerable.Range(1, 10), first.Body.GetProperty("items").EnumerateArray().Concat(second.Body.GetProperty("items").EnumerateArray()).Select(l => l.GetProperty("seq").GetInt32()));
        Assert.True(verdict.GetProperty("is_whole").GetBoolean());
        Assert.Equal(10, lines.Length);
        Assert.Equal(verdict.GetProperty("head_hash").GetString(), AuditText.HashOf(System.Text.Encoding.UTF8.GetBytes(lines[^1])));
        (await keyed.GetAsync(keyed.OperatorKey, "/v1/admin/audit?after=x")).RequireProblem(400, "invalid_request");
    }

    [Fact]
    public async Task A_write_that_could_not_be_noted_is_not_made_and_reads_and_erasing_go_on()
    {
        var disk = new SimulatedDisk();
        disk.CreateDurableFolder("/data");
        await using KeyedSilo keyed = await KeyedSilo.StartAsync(builder => builder.Services.AddSingleton(new AuditFolder(disk, "/data")));
        (await keyed.PostAsync(keyed.OperatorKey, "/v1/memories", """{"id":"bob"}""")).Require(201);
        (disk.Faults.FailAt, disk.Faults.IsLasting) = (0, true);

        await Assert.ThrowsAsync<HttpRequestException>(() => keyed.PostAsync(keyed.OperatorKey, "/v1/memories", """{"id":"unknown"}"""));
        (await keyed.PostAsync(keyed.OperatorKey, "/v1/memories/bob/inject", """{"text":"one"}""")).RequireProblem(503, "audit_unavailable");

        Assert.Equal(1, (await keyed.GetAsync(keyed.OperatorKey, "/v1/memories/bob")).Require(200).Body.GetProperty("version").GetInt64());
        await Assert.ThrowsAsync<HttpRequestException>(() => keyed.DeleteAsync(keyed.OperatorKey, "/v1/memories/bob"));
        (await keyed.GetAsync(keyed.OperatorKey, "/v1/memories/bob")).RequireProblem(404, "memory_not_found");
        keyed.Silo.Logs.AssertOnly(4003, 4201, 4204);
    }

    private static async Task<string> ExportAsync(KeyedSilo keyed) => (await keyed.GetAsync(keyed.OperatorKey, "/v1/admin/audit/export")).Require(200).Text;

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
