using System.Text.Json;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Api;

/// <summary>Forks, differences, texts and erasing over HTTP, with the shipped model.</summary>
public sealed class ForkTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Lisbon = "Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.";

    private RunningSilo Silo => fixture.Silo;

    [Fact]
    public async Task A_fork_answers_like_its_source_at_that_version_and_then_goes_its_own_way()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, Lisbon);
        await Silo.InjectAsync(id, "Maria moved to Oslo.");

        Reply fork = (await Silo.PostAsync($"/v1/memories/{id}/fork", $$$"""{"id":"{{{id}}}-fork","at":"2","metadata":{"why":"test"}}""")).Require(201);

        Assert.Equal($"{id}-fork", fork.Body.GetProperty("id").GetString());
        Assert.Equal(1, fork.Body.GetProperty("version").GetInt64());
        Assert.Equal("""{"why":"test"}""", fork.Body.GetProperty("metadata").GetRawText());
        Assert.Equal($"/v1/memories/{id}-fork", fork.Headers.Location!.OriginalString);
        Assert.Equal("\"v1\"", fork.Headers.ETag!.Tag);
        Assert.Equal("Lisbon", await AskAsync($"{id}-fork"));
        Assert.Equal("Oslo", await AskAsync(id));
        JsonElement first = (await Silo.GetAsync($"/v1/memories/{id}-fork/versions/1")).Require(200).Body;
        Assert.Equal("fork", first.GetProperty("cause").GetString());
        Assert.Equal(id, first.GetProperty("forked_from").GetProperty("id").GetString());
        Assert.Equal(2, first.GetProperty("forked_from").GetProperty("version").GetInt64());
    }

    [Fact]
    public async Task A_fork_outlives_its_erased_source_also_in_its_answers()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, Lisbon);
        (await Silo.PostAsync($"/v1/memories/{id}/fork", $$"""{"id":"{{id}}-fork"}""")).Require(201);
        Assert.Equal("Lisbon", await AskAsync(id));

        (await Silo.DeleteAsync($"/v1/memories/{id}")).Require(204);

        Assert.Equal("Lisbon", await AskAsync($"{id}-fork"));
        (await Silo.GetAsync($"/v1/memories/{id}")).RequireProblem(404, "memory_not_found");
        await Silo.CreateAsync(id);
        Assert.Equal(1, await Silo.HeadAsync(id));
    }

    [Fact]
    public async Task A_fork_without_a_name_gets_one_and_a_name_that_is_taken_is_refused()
    {
        string id = await fixture.NewMemoryAsync();
        Reply made = (await Silo.PostAsync($"/v1/memories/{id}/fork", "{}")).Require(201);

        (await Silo.GetAsync($"/v1/memories/{made.Body.GetProperty("id").GetString()}")).Require(200);
        (await Silo.PostAsync($"/v1/memories/{id}/fork", $$"""{"id":"{{id}}"}""")).RequireProblem(409, "memory_exists");
        (await Silo.PostAsync("/v1/memories/nobody/fork", "{}")).RequireProblem(404, "memory_not_found");
        (await Silo.PostAsync($"/v1/memories/{id}/fork", """{"at":"7"}""")).RequireProblem(404, "version_not_found");
        (await Silo.PostAsync($"/v1/memories/{id}/fork", """{"at":"nosuch"}""")).RequireProblem(404, "snapshot_not_found");
        (await Silo.PostAsync($"/v1/memories/{id}/fork", """{"id":"-bad"}""")).RequireProblem(400, "invalid_name");
        (await Silo.PostAsync($"/v1/memories/{id}/fork", """{"to":"x"}""")).RequireProblem(400, "malformed_json");
    }

    [Fact]
    public async Task A_diff_tells_texts_blocks_and_rows()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, Lisbon);
        await Silo.InjectAsync(id, "Maria moved to Oslo.");
        (await Silo.PostAsync($"/v1/memories/{id}/rollback", """{"to":2}""")).Require(200);

        JsonElement there = (await Silo.GetAsync($"/v1/memories/{id}/diff?from=2&to=3")).Require(200).Body;
        JsonElement back = (await Silo.GetAsync($"/v1/memories/{id}/diff?from=3")).Require(200).Body;

        Assert.Equal("Maria moved to Oslo.", there.GetProperty("texts_added")[0].GetProperty("text").GetString());
        Assert.Equal(1, there.GetProperty("blocks_added").GetArrayLength());
        JsonElement pool = there.GetProperty("layers")[0].GetProperty("pool");
        Assert.True(pool.GetProperty("added").GetInt32() > 0);
        Assert.Equal(pool.GetProperty("after").GetInt32(), pool.GetProperty("retained").GetInt32() + pool.GetProperty("added").GetInt32() + pool.GetProperty("revived").GetInt32());
        Assert.Equal(pool.GetProperty("dropped").GetInt32(), pool.GetProperty("dropped_to_bank").GetInt32() + pool.GetProperty("lost").GetInt32());

        Assert.Equal(4, back.GetProperty("to").GetInt64());
        Assert.Equal("Maria moved to Oslo.", back.GetProperty("texts_removed")[0].GetProperty("text").GetString());
        Assert.Equal(0, back.GetProperty("texts_added").GetArrayLength());
        JsonElement backPool = back.GetProperty("layers")[0].GetProperty("pool");
        Assert.Equal(pool.GetProperty("dropped").GetInt32(), backPool.GetProperty("revived").GetInt32());
    }

    [Theory]
    [InlineData("", 400, "invalid_request")]
    [InlineData("?from=", 400, "invalid_request")]
    [InlineData("?from=1&to=", 400, "invalid_request")]
    [InlineData("?from=0", 400, "invalid_request")]
    [InlineData("?from=1&to=9", 404, "version_not_found")]
    [InlineData("?from=nosuch", 404, "snapshot_not_found")]
    public async Task A_diff_of_what_is_not_there_is_refused(string query, int status, string code)
    {
        string id = await fixture.NewMemoryAsync();

        (await Silo.GetAsync($"/v1/memories/{id}/diff{query}")).RequireProblem(status, code);
    }

    [Fact]
    public async Task The_text_of_a_version_comes_back_as_it_was_sent()
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, Lisbon);
        (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"messages":[{"role":"user","content":"Maria moved to Oslo."},{"role":"assistant","content":"Noted."}]}""")).Require(200);

        JsonElement text = (await Silo.GetAsync($"/v1/memories/{id}/versions/2/text")).Require(200).Body;
        JsonElement talk = (await Silo.GetAsync($"/v1/memories/{id}/versions/3/text")).Require(200).Body;

        Assert.Equal(Lisbon, text.GetProperty("text").GetString());
        Assert.False(text.TryGetProperty("messages", out _));
        Assert.Equal("""[{"role":"user","content":"Maria moved to Oslo."},{"role":"assistant","content":"Noted."}]""", talk.GetProperty("messages").GetRawText());
        (await Silo.GetAsync($"/v1/memories/{id}/versions/1/text")).RequireProblem(404, "text_not_found");
        (await Silo.GetAsync($"/v1/memories/{id}/versions/9/text")).RequireProblem(404, "version_not_found");
        (await Silo.GetAsync($"/v1/memories/{id}/versions/x/text")).RequireProblem(400, "invalid_request");
    }

    [Fact]
    public async Task The_metadata_of_an_inject_is_kept_with_its_version()
    {
        string id = await fixture.NewMemoryAsync();
        (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"text":"Maria lives in Lisbon.","metadata":{"source":"chat","n":[1,"é"]}}""")).Require(200);

        JsonElement version = (await Silo.GetAsync($"/v1/memories/{id}/versions/2")).Require(200).Body;

        Assert.Equal("""{"source":"chat","n":[1,"é"]}""", version.GetProperty("metadata").GetRawText());
        Assert.True(version.GetProperty("has_text").GetBoolean());
        string large = new('x', 4 * 1024);
        (await Silo.PostAsync($"/v1/memories/{id}/inject", $$$"""{"text":"x","metadata":{"a":"{{{large}}}"}}""")).RequireProblem(400, "invalid_request");
    }

    [Fact]
    public async Task A_key_that_was_used_for_another_text_is_refused()
    {
        string id = await fixture.NewMemoryAsync();
        (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"text":"Maria lives in Lisbon."}""", ("Idempotency-Key", "k"))).Require(200);

        (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"text":"Maria moved to Oslo."}""", ("Idempotency-Key", "k"))).RequireProblem(422, "idempotency_mismatch");
        Assert.Equal(2, await Silo.HeadAsync(id));
    }

    private async Task<string> AskAsync(string id) =>
        (await Silo.PostAsync($"/v1/memories/{id}/query", """{"messages":[{"role":"user","content":"Where does Maria live?"}],"max_tokens":8}"""))
            .Require(200).Body.GetProperty("text").GetString()!.Trim();
}
