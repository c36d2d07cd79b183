using System.Globalization;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Api;

/// <summary>Inject over HTTP.</summary>
public sealed class InjectTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Fact = """{"text":"Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot."}""";

    private RunningSilo Silo => fixture.Silo;

    [Fact]
    public async Task An_inject_answers_with_version_tokens_chunks_time_and_stages()
    {
        string id = await fixture.NewMemoryAsync();

        Reply answer = (await Silo.PostAsync($"/v1/memories/{id}/inject", Fact)).Require(200);

        Assert.Equal(id, answer.Body.GetProperty("id").GetString());
        Assert.Equal(2, answer.Body.GetProperty("version").GetInt64());
        Assert.InRange(answer.Body.GetProperty("tokens").GetInt32(), 16, 40);
        Assert.Equal(0, answer.Body.GetProperty("padded_tokens").GetInt32());
        Assert.Equal(1, answer.Body.GetProperty("chunks").GetInt32());
        Assert.True(DateTimeOffset.TryParse(answer.Body.GetProperty("committed_at").GetString(), CultureInfo.InvariantCulture, out _));
        Assert.All(new[] { "encode", "stage", "commit" }, stage => Assert.True(answer.Body.GetProperty("timings_ms").GetProperty(stage).GetDouble() > 0, stage));
        Assert.Equal("\"v2\"", answer.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task Short_text_says_how_much_was_added_to_it()
    {
        string id = await fixture.NewMemoryAsync();

        Reply answer = (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"text":"Maria lives in Lisbon."}""")).Require(200);

        Assert.True(answer.Body.GetProperty("padded_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task Messages_are_injected_like_text()
    {
        string id = await fixture.NewMemoryAsync();

        Reply answer = (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"messages":[{"role":"user","content":"Maria lives in Lisbon."}],"metadata":{"source":"chat"}}""")).Require(200);

        Assert.Equal(2, answer.Body.GetProperty("version").GetInt64());
    }

    [Fact]
    public async Task The_same_seed_on_the_same_head_is_kept_with_the_version()
    {
        string id = await fixture.NewMemoryAsync();

        Reply answer = (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"text":"Maria lives in Lisbon.","seed":18446744073709551615}""")).Require(200);
        Reply version = (await Silo.GetAsync($"/v1/memories/{id}/versions/2")).Require(200);

        Assert.Equal(ulong.MaxValue, answer.Body.GetProperty("seed").GetUInt64());
        Assert.Equal(ulong.MaxValue, version.Body.GetProperty("seed").GetUInt64());
    }

    [Fact]
    public async Task A_second_inject_under_one_key_is_answered_with_the_first_and_writes_nothing()
    {
        string id = await fixture.NewMemoryAsync();

        Reply first = (await Silo.PostAsync($"/v1/memories/{id}/inject", Fact, ("Idempotency-Key", "k-1"))).Require(200);
        Reply again = (await Silo.PostAsync($"/v1/memories/{id}/inject", Fact, ("Idempotency-Key", "k-1"))).Require(200);

        Assert.Equal(first.Body.GetProperty("version").GetInt64(), again.Body.GetProperty("version").GetInt64());
        Assert.Equal(first.Body.GetProperty("committed_at").GetString(), again.Body.GetProperty("committed_at").GetString());
        Assert.True(again.Body.GetProperty("is_replay").GetBoolean());
        Assert.Equal(2, await Silo.HeadAsync(id));
    }

    [Fact]
    public async Task If_match_lets_a_write_through_only_on_the_head_it_names()
    {
        string id = await fixture.NewMemoryAsync();

        (await Silo.PostAsync($"/v1/memories/{id}/inject", Fact, ("If-Match", "\"v1\""))).Require(200);
        (await Silo.PostAsync($"/v1/memories/{id}/inject", Fact, ("If-Match", "\"v1\""))).RequireProblem(412, "precondition_failed");
        (await Silo.PostAsync($"/v1/memories/{id}/rollback", """{"to":1}""", ("If-Match", "\"v9\""))).RequireProblem(412, "precondition_failed");
        (await Silo.PostAsync($"/v1/memories/{id}/inject", Fact, ("If-Match", "*"))).Require(200);

        Assert.Equal(3, await Silo.HeadAsync(id));
    }

    [Fact]
    public async Task Concurrent_injects_of_one_memory_all_get_versions_of_their_own()
    {
        string id = await fixture.NewMemoryAsync();

        long[] versions = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Silo.InjectAsync(id, "Maria lives in Lisbon.")));

        Assert.Equal(Enumerable.Range(2, 12).Select(i => (long)i), versions.Order());
    }
}
