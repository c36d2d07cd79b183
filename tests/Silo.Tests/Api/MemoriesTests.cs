using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Api;

/// <summary>Create, get, list and delete over HTTP.</summary>
public sealed class MemoriesTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private RunningSilo Silo => fixture.Silo;

    [Fact]
    public async Task A_memory_is_created_with_its_name_metadata_location_and_etag()
    {
        Reply created = (await Silo.PostAsync("/v1/memories", """{"id":"bob:1@x.y","metadata":{"b":[1,"é"],"a":null}}""")).Require(201);

        Assert.Equal("bob:1@x.y", created.Body.GetProperty("id").GetString());
        Assert.Equal(1, created.Body.GetProperty("version").GetInt64());
        Assert.Equal("""{"b":[1,"é"],"a":null}""", created.Body.GetProperty("metadata").GetRawText());
        Assert.Equal("\"v1\"", created.Headers.ETag!.Tag);
        Assert.Equal("/v1/memories/bob%3A1%40x.y", created.Headers.Location!.OriginalString);
        Assert.Equal(created.Text, (await Silo.GetAsync(created.Headers.Location.OriginalString)).Require(200).Text);
    }

    [Fact]
    public async Task A_memory_without_a_name_gets_one()
    {
        Reply created = (await Silo.PostAsync("/v1/memories", "{}")).Require(201);

        (await Silo.GetAsync($"/v1/memories/{created.Body.GetProperty("id").GetString()}")).Require(200);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused_and_the_memory_stays_as_it_was()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, "Maria lives in Lisbon.");

        (await Silo.PostAsync("/v1/memories", $$"""{"id":"{{id}}"}""")).RequireProblem(409, "memory_exists");

        Assert.Equal(2, await Silo.HeadAsync(id));
    }

    [Fact]
    public async Task A_deleted_memory_is_not_found_by_any_verb()
    {
        string id = await fixture.NewMemoryAsync();

        (await Silo.DeleteAsync($"/v1/memories/{id}")).Require(204);

        (await Silo.GetAsync($"/v1/memories/{id}")).RequireProblem(404, "memory_not_found");
        (await Silo.DeleteAsync($"/v1/memories/{id}")).RequireProblem(404, "memory_not_found");
        (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"text":"x y z"}""")).RequireProblem(404, "memory_not_found");
        (await Silo.PostAsync($"/v1/memories/{id}/query", """{"prompt":"x"}""")).RequireProblem(404, "memory_not_found");
        (await Silo.GetAsync($"/v1/memories/{id}/versions")).RequireProblem(404, "memory_not_found");
        (await Silo.GetAsync($"/v1/memories/{id}/snapshots")).RequireProblem(404, "memory_not_found");
        (await Silo.PostAsync($"/v1/memories/{id}/rollback", """{"to":1}""")).RequireProblem(404, "memory_not_found");
    }

    [Fact]
    public async Task Pages_of_memories_join_to_the_whole_list_in_order_of_id()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync();
        string[] ids = [.. Enumerable.Range(0, 7).Select(i => $"p{i}")];
        foreach (string id in ids.Reverse()) await silo.CreateAsync(id);

        List<string?> seen = [];
        string cursor = string.Empty;
        int pages = 0;
        do
        {
            Reply page = (await silo.GetAsync($"/v1/memories?limit=3{cursor}")).Require(200);
            seen.AddRange(page.Body.GetProperty("items").EnumerateArray().Select(m => m.GetProperty("id").GetString()));
            cursor = page.Body.TryGetProperty("next_cursor", out var next) ? $"&cursor={next.GetString()}" : string.Empty;
            pages++;
        }
        while (cursor.Length > 0);

        Assert.Equal(ids, seen);
        Assert.Equal(3, pages);
    }

    [Fact]
    public async Task Metadata_at_its_greatest_depth_can_be_read_back_everywhere()
    {
        string id = $"deep{Guid.NewGuid():N}";
        string deep = string.Concat(Enumerable.Repeat("{\"a\":", 15)) + "[]" + new string('}', 15);

        (await Silo.PostAsync("/v1/memories", $$"""{"id":"{{id}}","metadata":{{deep}}}""")).Require(201);

        (await Silo.GetAsync($"/v1/memories/{id}")).Require(200);
        (await Silo.GetAsync("/v1/memories?limit=200")).Require(200);
    }
}
