using LatentDb.Grains.Tests.Doubles;
using LatentDb.Silo.Limits;
using LatentDb.Silo.Tests.Security;
using LatentDb.Silo.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LatentDb.Silo.Tests.Limits;

/// <summary>Quotas and rates of tenants over HTTP.</summary>
public sealed class TenantLimitTests
{
    [EmbeddedFact(Alone.Quotas)]
    public async Task A_tenant_that_has_all_its_memories_is_told_so_and_not_to_wait()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("admin", "acme");
        await LimitAsync(keyed, """{"memories":2}""");
        (await keyed.PostAsync(key, "/v1/memories", """{"id":"a"}""")).Require(201);
        (await keyed.PostAsync(key, "/v1/memories", """{"id":"b"}""")).Require(201);

        Reply refused = (await keyed.PostAsync(key, "/v1/memories", """{"id":"c"}""")).RequireProblem(403, "quota_exceeded");
        (await keyed.PostAsync(key, "/v1/memories/a/fork", """{"id":"c"}""")).RequireProblem(403, "quota_exceeded");

        Assert.Null(refused.Headers.RetryAfter);
        Assert.Contains("2 memories of 2", refused.Text, StringComparison.Ordinal);
        (await keyed.DeleteAsync(key, "/v1/memories/a")).Require(204);
        (await keyed.PostAsync(key, "/v1/memories", """{"id":"c"}""")).Require(201);
    }

    [EmbeddedFact(Alone.Quotas)]
    public async Task A_tenant_that_has_all_its_bytes_can_still_read_and_erase()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("admin", "acme");
        await LimitAsync(keyed, """{"bytes":100}""");
        (await keyed.PostAsync(key, "/v1/memories", """{"id":"a"}""")).Require(201);
        (await keyed.PostAsync(key, "/v1/memories/a/inject", """{"text":"one"}""")).Require(200);

        (await keyed.PostAsync(key, "/v1/memories/a/inject", """{"text":"two"}""")).RequireProblem(403, "quota_exceeded");

        (await keyed.PostAsync(key, "/v1/memories/a/query", """{"prompt":"?"}""")).Require(200);
        Assert.Equal(0, (await keyed.GetAsync(key, "/v1/usage")).Require(200).Body.GetProperty("bytes").GetProperty("left").GetInt64());
        (await keyed.DeleteAsync(key, "/v1/memories/a")).Require(204);
    }

    [Fact]
    public async Task Requests_beyond_the_rate_are_told_when_to_come_back_and_every_answer_what_is_left()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("reader", "acme");
        await LimitAsync(keyed, """{"requests_per_minute":3}""");

        Reply[] replies = [.. await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => keyed.GetAsync(key, "/v1/memories")))];

        Assert.InRange(replies.Count(r => r.Status == 200), 3, 4);
        Assert.All(replies.Where(r => r.Status != 200), r => Assert.NotNull(r.RequireProblem(429, "rate_limited").Headers.RetryAfter));
        Assert.All(replies, r => Assert.Equal("\"requests\";q=3;w=60", r.Headers.GetValues("RateLimit-Policy").Single()));
        Assert.All(replies, r => Assert.Matches("^\"requests\";r=[0-3];t=[0-9]+$", r.Headers.GetValues("RateLimit").Single()));
        (await keyed.GetAsync(keyed.OperatorKey, "/v1/admin/tenants/acme")).Require(200);
    }

    [Fact]
    public async Task Tokens_are_counted_afterwards_and_the_debt_is_waited_for()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("writer", "acme");
        await LimitAsync(keyed, """{"tokens_per_minute":10}""");
        (await keyed.PostAsync(key, "/v1/memories", """{"id":"a"}""")).Require(201);

        (await keyed.PostAsync(key, "/v1/memories/a/inject", $$"""{"text":"{{string.Join(' ', Enumerable.Repeat("word", 100))}}"}""")).Require(200);
        Reply refused = (await keyed.PostAsync(key, "/v1/memories/a/query", """{"prompt":"?"}""")).RequireProblem(429, "rate_limited");

        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 400, 541);
    }

    [Theory]
    [InlineData("respond-async", 202)]
    [InlineData("wait=10", 200)]
    public async Task A_batch_counts_as_many_injects_as_it_has_items(string prefer, int status)
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();
        string key = await keyed.NewKeyAsync("writer", "acme");
        await LimitAsync(keyed, """{"injects_per_minute":2}""");
        (await keyed.PostAsync(key, "/v1/memories", """{"id":"a"}""")).Require(201);

        Reply batch = await keyed.SendAsync(key, HttpMethod.Post, "/v1/memories/a/inject/batch", """{"items":[{"text":"one"},{"text":"two"},{"text":"three"},{"text":"four"}]}""", ("Prefer", prefer));
        batch.Require(status);
        Reply refused = (await keyed.PostAsync(key, "/v1/memories/a/inject", """{"text":"five"}""")).RequireProblem(429, "rate_limited");

        Assert.True(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds > 60); // a debt of two, at two a minute
    }

    [Fact]
    public async Task Generations_beyond_those_allowed_at_once_are_refused_and_places_are_given_back()
    {
        var model = new EchoModelHost();
        await using KeyedSilo keyed = await KeyedSilo.StartAsync(model);
        string key = await keyed.NewKeyAsync("writer", "acme");
        await LimitAsync(keyed, """{"concurrent_generations":1}""");
        (await keyed.PostAsync(key, "/v1/memories", """{"id":"a"}""")).Require(201);
        (await keyed.PostAsync(key, "/v1/memories/a/inject", """{"text":"one"}""")).Require(200);
        var gate = new Gate();
        model.OnPiece = gate.PassAsync;

        Task<Reply> first = keyed.PostAsync(key, "/v1/memories/a/query", """{"prompt":"?"}""");
        await gate.Arrived;
        (await keyed.PostAsync(key, "/v1/memories/a/query", """{"prompt":"?"}""")).RequireProblem(429, "rate_limited");
        gate.Open();

        (await first).Require(200);
        (await keyed.PostAsync(key, "/v1/memories/a/query", """{"prompt":"?"}""")).Require(200);
    }

    [Fact]
    public async Task Every_operation_that_costs_something_exists()
    {
        await using KeyedSilo keyed = await KeyedSilo.StartAsync();

        IEnumerable<string> names = keyed.Silo.Services.GetRequiredService<EndpointDataSource>().Endpoints.Select(e => e.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? string.Empty);

        Assert.Empty(RouteCosts.ByOperation.Keys.Except(names));
    }

    private static async Task LimitAsync(KeyedSilo keyed, string limits) =>
        (await keyed.SendAsync(keyed.OperatorKey, HttpMethod.Patch, "/v1/admin/tenants/acme", $$"""{"limits":{{limits}}}""")).Require(200);
}
