using System.Text.Json;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Api;

/// <summary>Writes that are made after the answer, and batches, over HTTP.</summary>
public sealed class OperationTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private static readonly (string Name, string Value) Async = ("Prefer", "respond-async, wait=10");

    private RunningSilo Silo => fixture.Silo;

    [Fact]
    public async Task An_accepted_inject_is_told_where_it_is_and_ends_with_a_version()
    {
        string id = await fixture.NewMemoryAsync();

        Reply accepted = (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"text":"Maria lives in Lisbon.","metadata":{"a":1}}""", Async, ("Idempotency-Key", "k"))).Require(202);
        Reply again = (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"text":"Maria lives in Lisbon.","metadata":{"a":1}}""", Async, ("Idempotency-Key", "k"))).Require(202);
        string location = accepted.Headers.Location!.OriginalString;
        Reply ended = await EndAsync(location);

        Assert.Equal("respond-async", accepted.Headers.GetValues("Preference-Applied").Single());
        Assert.StartsWith($"/v1/memories/{id}/operations/", location, StringComparison.Ordinal);
        Assert.Equal(location, again.Headers.Location!.OriginalString);
        Assert.Equal("true", again.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.Equal("succeeded", ended.Body.GetProperty("status").GetString());
        Assert.Equal("inject", ended.Body.GetProperty("kind").GetString());
        Assert.Equal([2L], ended.Body.GetProperty("versions").EnumerateArray().Select(v => v.GetInt64()));
        JsonElement version = (await Silo.GetAsync($"/v1/memories/{id}/versions/2")).Require(200).Body;
        Assert.Equal("k", version.GetProperty("idempotency_key").GetString());
        Assert.Equal(1, version.GetProperty("metadata").GetProperty("a").GetInt32());
        (await Silo.PostAsync($"/v1/memories/{id}/inject", """{"text":"Maria moved to Oslo."}""", Async, ("Idempotency-Key", "k"))).RequireProblem(422, "idempotency_mismatch");
        (await Silo.SendAsync(HttpMethod.Delete, location)).RequireProblem(409, "operation_not_cancellable");
    }

    [Fact]
    public async Task An_accepted_inject_that_fails_says_why_as_a_problem()
    {
        await using RunningSilo refusing = await RunningSilo.StartAsync(null, "--max-inject-tokens", "32");
        await refusing.CreateAsync("bob");
        string text = string.Join(' ', Enumerable.Repeat("Maria lives in Lisbon.", 40));

        Reply accepted = (await refusing.PostAsync("/v1/memories/bob/inject", JsonSerializer.Serialize(new { text }), Async)).Require(202);
        Reply ended = await EndAsync(refusing, accepted.Headers.Location!.OriginalString);

        Assert.Equal("failed", ended.Body.GetProperty("status").GetString());
        Assert.Equal("text_too_long", ended.Body.GetProperty("problem").GetProperty("code").GetString());
        Assert.Equal(422, ended.Body.GetProperty("problem").GetProperty("status").GetInt32());
        Assert.Equal(1, await refusing.HeadAsync("bob"));
    }

    [Fact]
    public async Task A_batch_makes_a_version_per_text_now_or_later()
    {
        string id = await fixture.NewMemoryAsync();
        const string batch = """{"items":[{"text":"Maria lives in Lisbon."},{"messages":[{"role":"user","content":"I like tea."}],"metadata":{"n":2}},{"text":"Peter is a baker.","seed":7}]}""";

        Reply now = (await Silo.PostAsync($"/v1/memories/{id}/inject/batch", batch, ("Idempotency-Key", "b"))).Require(200);
        Reply again = (await Silo.PostAsync($"/v1/memories/{id}/inject/batch", batch, ("Idempotency-Key", "b"))).Require(200);
        Reply later = (await Silo.PostAsync($"/v1/memories/{id}/inject/batch", batch, Async)).Require(202);
        Reply ended = await EndAsync(later.Headers.Location!.OriginalString);

        Assert.Equal([2L, 3L, 4L], now.Body.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("version").GetInt64()));
        Assert.Equal("\"v4\"", now.Headers.ETag!.Tag);
        Assert.Equal("true", again.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.Equal("inject_batch", ended.Body.GetProperty("kind").GetString());
        Assert.Equal([5L, 6L, 7L], ended.Body.GetProperty("versions").EnumerateArray().Select(v => v.GetInt64()));
        Assert.Equal(7UL, (await Silo.GetAsync($"/v1/memories/{id}/versions/7")).Require(200).Body.GetProperty("seed").GetUInt64());
        Assert.Equal("b", (await Silo.GetAsync($"/v1/memories/{id}/versions/4")).Require(200).Body.GetProperty("idempotency_key").GetString());
        (await Silo.PostAsync($"/v1/memories/{id}/inject/batch", """{"items":[]}""")).RequireProblem(400, "invalid_request");
        (await Silo.PostAsync($"/v1/memories/{id}/inject/batch", batch, ("If-Match", "\"v1\""))).RequireProblem(412, "precondition_failed");
        (await Silo.PostAsync($"/v1/memories/{id}/inject/batch", batch, Async, ("If-Match", "\"v1\""))).RequireProblem(412, "precondition_failed");
    }

    [Fact]
    public async Task Operations_are_listed_newest_first_with_a_link_to_the_next_page()
    {
        string id = await fixture.NewMemoryAsync();
        for (int i = 0; i < 3; i++) await EndAsync((await Silo.PostAsync($"/v1/memories/{id}/inject", """{"text":"Maria lives in Lisbon."}""", Async)).Require(202).Headers.Location!.OriginalString);

        Reply first = (await Silo.GetAsync($"/v1/memories/{id}/operations?limit=2")).Require(200);
        string link = first.Headers.GetValues("Link").Single();
        Reply second = (await Silo.GetAsync(link[(link.IndexOf('<', StringComparison.Ordinal) + 1)..link.IndexOf('>', StringComparison.Ordinal)])).Require(200);

        Assert.EndsWith("rel=\"next\"", link, StringComparison.Ordinal);
        Assert.Equal([4L, 3L], first.Body.GetProperty("items").EnumerateArray().Select(o => o.GetProperty("versions")[0].GetInt64()));
        Assert.Equal([2L], second.Body.GetProperty("items").EnumerateArray().Select(o => o.GetProperty("versions")[0].GetInt64()));
        Assert.False(second.Headers.Contains("Link"));
        (await Silo.GetAsync($"/v1/memories/{id}/operations/{Guid.NewGuid()}")).RequireProblem(404, "operation_not_found");
        (await Silo.GetAsync($"/v1/memories/{id}/operations/nonsense")).RequireProblem(400, "invalid_name");
    }

    private Task<Reply> EndAsync(string location) => EndAsync(Silo, location);

    private static async Task<Reply> EndAsync(RunningSilo silo, string location)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            Reply now = (await silo.GetAsync(location)).Require(200);
            if (now.Body.GetProperty("status").GetString() is not ("queued" or "running")) return now;
            Assert.Equal("1", now.Headers.GetValues("Retry-After").Single());
            await Task.Delay(5, limit.Token);
        }
    }
}
