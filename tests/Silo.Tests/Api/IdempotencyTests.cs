using System.Text.Json;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Api;

/// <summary>Every write may be sent again under its Idempotency-Key: the second answer is the first one, and says that it is.</summary>
public sealed class IdempotencyTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    private const string Replayed = "Idempotency-Replayed";

    private RunningSilo Silo => fixture.Silo;

    [Theory]
    [InlineData("inject", """{"text":"Maria lives in Lisbon."}""", """{"text":"Maria moved to Oslo."}""")]
    [InlineData("inject", """{"text":"Maria lives in Lisbon."}""", """{"text":"Maria lives in Lisbon.","metadata":{"a":1}}""")]
    [InlineData("rollback", """{"to":1}""", """{"to":"head"}""")]
    [InlineData("snapshots", """{"name":"before"}""", """{"name":"after"}""")]
    [InlineData("fork", """{"metadata":{"a":1}}""", """{"metadata":{"a":2}}""")]
    public async Task A_repetition_gets_the_first_answer_and_another_request_is_refused(string verb, string body, string other)
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, "Peter works as a baker.");
        (string, string) key = ("Idempotency-Key", $"key-of-{verb}");

        Reply first = await Silo.PostAsync($"/v1/memories/{id}/{verb}", body, key);
        long head = await Silo.HeadAsync(id);
        Reply again = await Silo.PostAsync($"/v1/memories/{id}/{verb}", body, key);

        Assert.True(first.Status is 200 or 201, first.Text);
        Assert.False(first.Headers.Contains(Replayed));
        Assert.Equal(first.Status, again.Status);
        Assert.Equal("true", again.Headers.GetValues(Replayed).Single());
        Assert.Equal(Essence(first.Body), Essence(again.Body));
        Assert.Equal(first.Headers.ETag, again.Headers.ETag);
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.Equal(head, await Silo.HeadAsync(id));
        (await Silo.PostAsync($"/v1/memories/{id}/{verb}", other, key)).RequireProblem(422, "idempotency_mismatch");
    }

    [Fact]
    public async Task A_memory_without_a_name_is_created_once_under_a_key()
    {
        (string, string) key = ("Idempotency-Key", "new-memory");

        Reply first = (await Silo.PostAsync("/v1/memories", """{"metadata":{"plan":"free"}}""", key)).Require(201);
        Reply again = (await Silo.PostAsync("/v1/memories", """{"metadata":{"plan":"free"}}""", key)).Require(201);

        Assert.Equal(first.Text, again.Text);
        Assert.Equal("true", again.Headers.GetValues(Replayed).Single());
        (await Silo.PostAsync("/v1/memories", """{"metadata":{"plan":"paid"}}""", key)).RequireProblem(422, "idempotency_mismatch");
    }

    [Fact]
    public async Task Deletions_under_a_key_are_answered_again()
    {
        string id = await fixture.NewMemoryAsync();
        (await Silo.PostAsync($"/v1/memories/{id}/snapshots", """{"name":"s"}""")).Require(201);
        foreach (string path in new[] { $"/v1/memories/{id}/snapshots/s", $"/v1/memories/{id}" })
        {
            (string, string) key = ("Idempotency-Key", "gone");
            (await Silo.SendAsync(HttpMethod.Delete, path, null, key)).Require(204);
            Reply again = (await Silo.SendAsync(HttpMethod.Delete, path, null, key)).Require(204);
            Assert.Equal("true", again.Headers.GetValues(Replayed).Single());
            (await Silo.SendAsync(HttpMethod.Delete, path)).Require(404);
        }

        await Silo.CreateAsync(id);
        (await Silo.SendAsync(HttpMethod.Delete, $"/v1/memories/{id}", null, ("Idempotency-Key", "gone"))).Require(204);
        Assert.Equal(1, await Silo.HeadAsync(id));
    }

    [Fact]
    public async Task An_import_under_a_key_is_made_once()
    {
        string id = await fixture.NewMemoryAsync();
        using HttpResponseMessage export = await Silo.Http.GetAsync($"/v1/memories/{id}/export");
        byte[] archive = await export.Content.ReadAsByteArrayAsync();

        Reply first = (await ImportAsync(archive)).Require(201);
        Reply again = (await ImportAsync(archive)).Require(201);

        Assert.Equal(first.Text, again.Text);
        Assert.Equal("true", again.Headers.GetValues(Replayed).Single());

        Task<Reply> ImportAsync(byte[] bytes) =>
            Silo.SendAsync(HttpMethod.Post, "/v1/memories/import", RunningSilo.Bytes(bytes, "application/vnd.latentdb.archive"), ("Idempotency-Key", "import"));
    }

    [Theory]
    [InlineData("POST", "snapshots")]
    [InlineData("DELETE", "")]
    public async Task A_snapshot_and_an_erase_may_be_bound_to_a_head(string method, string verb)
    {
        string id = await fixture.NewMemoryAsync();
        await Silo.InjectAsync(id, "Maria lives in Lisbon.");
        string path = $"/v1/memories/{id}/{verb}".TrimEnd('/');
        HttpContent? Body() => method == "POST" ? RunningSilo.Json("""{"name":"s"}""") : null;

        (await Silo.SendAsync(new HttpMethod(method), path, Body(), ("If-Match", "\"v1\""))).RequireProblem(412, "precondition_failed");
        Reply done = await Silo.SendAsync(new HttpMethod(method), path, Body(), ("If-Match", "\"v2\""));

        Assert.True(done.Status is 201 or 204, done.Text);
    }

    /// <summary>All but what tells how the answer came about.</summary>
    private static string Essence(JsonElement body) =>
        string.Join(';', body.EnumerateObject().Where(p => p.Name is not ("is_replay" or "timings_ms" or "padded_tokens")).Select(p => p.ToString()));
}
