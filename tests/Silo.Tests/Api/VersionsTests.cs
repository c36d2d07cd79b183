using System.Text.Json;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Api;

/// <summary>Versions, snapshots and rollback over HTTP.</summary>
public sealed class VersionsTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private RunningSilo Silo => fixture.Silo;

    [Fact]
    public async Task Versions_are_listed_newest_first_page_by_page()
    {
        string id = await fixture.NewMemoryAsync();
        for (int i = 0; i < 4; i++) await Silo.InjectAsync(id, "Maria lives in Lisbon.");

        JsonElement first = (await Silo.GetAsync($"/v1/memories/{id}/versions?limit=3")).Require(200).Body;
        JsonElement second = (await Silo.GetAsync($"/v1/memories/{id}/versions?limit=3&cursor={first.GetProperty("next_cursor").GetString()}")).Require(200).Body;

        Assert.Equal([5L, 4L, 3L], Numbers(first));
        Assert.Equal([2L, 1L], Numbers(second));
        Assert.False(second.TryGetProperty("next_cursor", out _));
        Assert.Equal("create", second.GetProperty("items")[1].GetProperty("cause").GetString());
    }

    [Fact]
    public async Task A_version_tells_its_parent_cause_and_size()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, "Maria lives in Lisbon.");

        Reply version = (await Silo.GetAsync($"/v1/memories/{id}/versions/2")).Require(200);

        Assert.Equal(1, version.Body.GetProperty("parent").GetInt64());
        Assert.Equal("inject", version.Body.GetProperty("cause").GetString());
        Assert.True(version.Body.GetProperty("block_bytes").GetInt64() > 0);
        Assert.Equal("\"v2\"", version.Headers.ETag!.Tag);
        (await Silo.GetAsync($"/v1/memories/{id}/versions/3")).RequireProblem(404, "version_not_found");
    }

    [Theory]
    [InlineData("2")]
    [InlineData("\"2\"")]
    [InlineData("\"mark\"")]
    public async Task A_rollback_goes_to_a_number_a_text_or_a_snapshot(string to)
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, "Maria lives in Lisbon.");
        (await Silo.PostAsync($"/v1/memories/{id}/snapshots", """{"name":"mark"}""")).Require(201);
        await Silo.InjectAsync(id, "Maria moved to Oslo.");

        Reply back = (await Silo.PostAsync($"/v1/memories/{id}/rollback", $$"""{"to":{{to}}}""")).Require(200);

        Assert.Equal(4, back.Body.GetProperty("version").GetInt64());
        Assert.Equal(2, back.Body.GetProperty("restored_from").GetInt64());
        Assert.Equal("\"v4\"", back.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task A_rollback_goes_to_the_version_of_a_time()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, "Maria lives in Lisbon.");
        string when = (await Silo.GetAsync($"/v1/memories/{id}/versions/2")).Body.GetProperty("committed_at").GetString()!;
        await Silo.InjectAsync(id, "Maria moved to Oslo.");

        Reply back = (await Silo.PostAsync($"/v1/memories/{id}/rollback", $$"""{"to":"{{when}}"}""")).Require(200);

        Assert.Equal(2, back.Body.GetProperty("restored_from").GetInt64());
    }

    [Fact]
    public async Task Snapshots_are_made_listed_and_deleted()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, "Maria lives in Lisbon.");

        Reply made = (await Silo.PostAsync($"/v1/memories/{id}/snapshots", """{"name":"b","at":"1"}""")).Require(201);
        (await Silo.PostAsync($"/v1/memories/{id}/snapshots", """{"name":"a"}""")).Require(201);
        (await Silo.PostAsync($"/v1/memories/{id}/snapshots", """{"name":"a"}""")).RequireProblem(409, "snapshot_exists");
        JsonElement list = (await Silo.GetAsync($"/v1/memories/{id}/snapshots")).Require(200).Body.GetProperty("items");
        (await Silo.DeleteAsync($"/v1/memories/{id}/snapshots/a")).Require(204);

        Assert.Equal(1, made.Body.GetProperty("version").GetInt64());
        Assert.Equal(["a", "b"], list.EnumerateArray().Select(s => s.GetProperty("name").GetString()));
        (await Silo.DeleteAsync($"/v1/memories/{id}/snapshots/a")).RequireProblem(404, "snapshot_not_found");
    }

    [Fact]
    public async Task An_idempotency_key_repeats_a_rollback_once()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, "Maria lives in Lisbon.");

        Reply first = (await Silo.PostAsync($"/v1/memories/{id}/rollback", """{"to":1}""", ("Idempotency-Key", "r"))).Require(200);
        Reply again = (await Silo.PostAsync($"/v1/memories/{id}/rollback", """{"to":1}""", ("Idempotency-Key", "r"))).Require(200);

        Assert.Equal(first.Text, again.Text);
        Assert.Equal(3, await Silo.HeadAsync(id));
    }

    private static IEnumerable<long> Numbers(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(v => v.GetProperty("version").GetInt64());
}
