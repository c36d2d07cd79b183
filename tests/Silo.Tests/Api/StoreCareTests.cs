using LatentDb.Client.Models;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Api;

/// <summary>Retention and the care of the store over HTTP.</summary>
public sealed class StoreCareTests
{
    [Fact]
    public async Task Compaction_drops_what_retention_does_not_keep_and_the_rest_can_still_be_read()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync(new EchoModelHost(), "--retention-days", "0", "--retention-versions", "2", "--compaction-seconds", "0");
        await silo.CreateAsync("bob");
        for (int i = 0; i < 6; i++) await silo.InjectAsync("bob", $"text {i}");
        (await silo.PostAsync("/v1/memories/bob/snapshots", """{"name":"kept","at":"3"}""")).Require(201);

        Reply stream = (await silo.SendAsync(HttpMethod.Post, "/v1/admin/store/compact")).Require(200);

        Assert.Equal("text/event-stream", stream.ContentType);
        Assert.Contains("event: done\ndata: {\"memories\":1,\"versions_dropped\":4,", stream.Text, StringComparison.Ordinal);
        (await silo.GetAsync("/v1/memories/bob/versions/2")).RequireProblem(410, "version_expired");
        (await silo.GetAsync("/v1/memories/bob/diff?from=2")).RequireProblem(410, "version_expired");
        (await silo.GetAsync("/v1/memories/bob/versions/2/text")).RequireProblem(410, "version_expired");
        (await silo.PostAsync("/v1/memories/bob/query", """{"prompt":"?","at":"4"}""")).RequireProblem(410, "version_expired");
        (await silo.PostAsync("/v1/memories/bob/fork", """{"at":"5"}""")).RequireProblem(410, "version_expired");
        (await silo.PostAsync("/v1/memories/bob/query", """{"prompt":"?","at":"kept"}""")).Require(200);
        (await silo.GetAsync("/v1/memories/bob/versions/6")).Require(200);
    }

    [Fact]
    public async Task The_client_compacts_and_gets_the_report()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync(new EchoModelHost());
        await silo.CreateAsync("bob");
        await silo.InjectAsync("bob", "text");
        await silo.DeleteAsync("/v1/memories/bob");

        CompactionReport report = await silo.Client.Store.CompactAsync();

        Assert.True(report.FileBytes > 0);
        Assert.True(report.Amplification >= 1);
    }

    [Fact]
    public async Task A_disk_that_is_full_is_507_and_reads_go_on()
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await RunningSilo.StartAsync(model);
        await silo.CreateAsync("bob");
        model.OnInject = (_, _) => throw new MemoryStore.Errors.LatentDbException(MemoryStore.Errors.ErrorCode.StoreFull, "No space is left.");

        Reply refused = (await silo.PostAsync("/v1/memories/bob/inject", """{"text":"one"}""")).RequireProblem(507, "store_full");

        Assert.NotNull(refused.Headers.RetryAfter);
        (await silo.GetAsync("/v1/memories/bob")).Require(200);
    }
}
