using LatentDb.Client.Models;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Api;

/// <summary>Retention and the care of the store over HTTP.</summary>
public sealed class StoreCareTests
{
    [EmbeddedFact(Alone.Care)]
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

    [EmbeddedFact(Alone.Care)]
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

    [EmbeddedFact(Alone.Care)]
    public async Task The_store_tells_its_numbers_and_its_parts()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync(new EchoModelHost(), "--shards", "2");
        await silo.CreateAsync("bob");
        await silo.InjectAsync("bob", "text");

        StoreStats stats = await silo.Client.Store.GetStatsAsync();
        StoreInspection parts = await silo.Client.Store.InspectAsync();

        Assert.Equal((2, 1L), (stats.Shards, stats.Memories));
        Assert.True(stats.FileBytes >= stats.LiveBytes && stats.LiveBytes > 0);
        Assert.True(stats.FreeDiskBytes > 0);
        Assert.Equal(2, parts.Shards.Count);
        Assert.True(Assert.Single(parts.MasterKeys).IsCurrent);
        Assert.Equal(1, parts.Shards.Sum(s => s.Memories));
    }

    [EmbeddedFact(Alone.Care)]
    public async Task A_scrub_finds_nothing_in_a_sound_store_and_the_place_and_the_versions_in_a_damaged_one()
    {
        await using RunningSilo silo = await RunningSilo.StartAsync(new EchoModelHost());
        await silo.CreateAsync("bob");
        await silo.InjectAsync("bob", "text");

        ScrubReport sound = await silo.Client.Store.ScrubAsync();
        ScrubReport one = await silo.Client.Store.ScrubAsync("bob");
        FlipOneBitOfABlock(silo.Data);
        ScrubReport damaged = await silo.Client.Store.ScrubAsync();

        Assert.True(sound.IsClean);
        Assert.Equal((1L, 2L), (sound.Totals.Memories, sound.Totals.Versions));
        Assert.Equal(1, one.Totals.Memories);
        Assert.False(damaged.IsClean);
        Assert.NotEmpty(damaged.Damages);
        (await silo.SendAsync(HttpMethod.Post, "/v1/admin/store/scrub?memory=nobody")).RequireProblem(404, "memory_not_found");
        (await silo.SendAsync(HttpMethod.Post, "/v1/admin/store/scrub?memory=-bad")).RequireProblem(400, "invalid_name");
    }

    [EmbeddedTheory(Alone.Care)]
    [InlineData("master")]
    [InlineData("tenant")]
    [InlineData("shards")]
    public async Task Keys_are_rotated_beside_the_traffic(string keys)
    {
        await using RunningSilo silo = await RunningSilo.StartAsync(new EchoModelHost());
        await silo.CreateAsync("bob");
        await silo.InjectAsync("bob", "text");

        KeyRotation rotation = await silo.Client.Store.RotateKeysAsync(keys);

        Assert.True(Assert.Single(rotation.MasterKeys).IsCurrent);
        Assert.Equal(3, await silo.InjectAsync("bob", "more"));
        (await silo.PostAsync("/v1/admin/store/rotate-keys", """{"keys":"none"}""")).RequireProblem(400, "malformed_json");
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

    private static void FlipOneBitOfABlock(string data)
    {
        string segment = Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories).Where(f => f.Contains("block", StringComparison.Ordinal)).MaxBy(f => new FileInfo(f).Length)!;
        using var file = new FileStream(segment, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = 600;
        int value = file.ReadByte();
        file.Position = 600;
        file.WriteByte((byte)(value ^ 1));
    }
}
