using LatentDb.Grains.Contracts;
using LatentDb.Grains.Remote;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;

namespace LatentDb.Grains.Tests.Remote;

public sealed class BrokenLinkTests
{
    [Fact]
    public async Task A_write_is_made_once_and_answered_wherever_its_link_breaks()
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        IMemoryGrain memory = await RoutingTests.CreateAsync(cluster, "c", cluster.NameAt("a"));
        int before = cluster.Links.WritesOf("a");
        await memory.InjectAsync("0");
        int writes = cluster.Links.WritesOf("a") - before;
        cluster.Cluster.OnRefresh = () => cluster.Revive("a");

        for (int i = 1; i <= writes; i++)
        {
            cluster.Links.KillAfter("a", i);
            InjectResult result = await memory.InjectAsync($"{i}");
            Assert.Equal((i + 2L, false), (result.Version.Number.Value, result.IsReplay));
        }

        Assert.True(writes >= 4, $"An inject took {writes} writes: the cuts have missed the answer.");
        Assert.Equal(writes + 2, await memory.HeadAsync());
    }

    [Fact]
    public async Task A_key_of_the_callers_own_says_that_it_was_used_and_ours_never_does()
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        IMemoryGrain memory = await RoutingTests.CreateAsync(cluster, "c", cluster.NameAt("a"));

        InjectResult first = await memory.InjectAsync("one", operation: "mine");
        InjectResult second = await memory.InjectAsync("one", operation: "mine");
        InjectResult unkeyed = await memory.InjectAsync("one");

        Assert.Equal((false, true, false), (first.IsReplay, second.IsReplay, unkeyed.IsReplay));
        Assert.Equal(3, unkeyed.Version.Number.Value);
    }

    [Fact]
    public async Task A_query_is_asked_again_until_something_of_its_answer_was_told_and_then_fails()
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        IMemoryGrain memory = await RoutingTests.CreateAsync(cluster, "c", cluster.NameAt("a"), "one", "two");
        int before = cluster.Links.WritesOf("a");
        Assert.Equal("one|two", await memory.AskAsync());
        int writes = cluster.Links.WritesOf("a") - before;
        cluster.Cluster.OnRefresh = () => cluster.Revive("a");
        var outcomes = new List<string>();

        for (int i = 1; i <= writes; i++)
        {
            cluster.Revive("a");
            cluster.Links.KillAfter("a", i);
            try
            {
                outcomes.Add(await memory.AskAsync());
            }
            catch (LinkBrokenException error)
            {
                outcomes.Add(error.Code.Name);
            }
        }

        // Two writes ask, the third is the first event; whatever breaks up to there is asked again.
        Assert.Equal(["one|two", "one|two", "one|two"], outcomes.Take(3));
        Assert.All(outcomes.Skip(3), outcome => Assert.Equal(ErrorCode.SiloUnreachable.Name, outcome));
        Assert.True(outcomes.Count > 4);
    }

    [Fact]
    public async Task An_archive_that_was_begun_is_not_begun_again()
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        IMemoryGrain memory = await RoutingTests.CreateAsync(cluster, "c", cluster.NameAt("a"), "one");
        using var archive = new MemoryStream();
        await memory.ExportAsync(new ExportCommand(), archive, CancellationToken.None);
        archive.Position = 0;
        cluster.Cluster.OnRefresh = () => cluster.Revive("b");
        cluster.Links.KillAfter("b", 5);

        await Assert.ThrowsAsync<LinkBrokenException>(() => cluster.Memory("c", cluster.NameAt("b")).ImportAsync(new ImportCommand(), archive, CancellationToken.None));

        Assert.Equal(0, cluster.Cluster.Refreshes);
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(async () =>
        {
            cluster.Revive("b");
            await cluster.Memory("c", cluster.NameAt("b")).DescribeAsync(CancellationToken.None);
        });
        Assert.Equal(ErrorCode.MemoryNotFound, error.Code);
    }

    [Theory]
    [InlineData("not_owner", true, true)]
    [InlineData("shutting_down", true, true)]
    [InlineData("silo_unreachable", true, true)]
    [InlineData("stale_owner", false, true)]
    [InlineData("version_conflict", false, false)]
    [InlineData("store_full", false, false)]
    [InlineData("data_damaged", false, false)]
    public void What_was_done_or_not_decides_whether_a_call_is_made_again(string code, bool always, bool whenRepeatable)
    {
        var error = new LatentDbException(new ErrorCode(code, Remedy.RetryLater), "x");

        Assert.Equal((always, whenRepeatable), (RouteRules.MayRepeat(error, isRepeatable: false), RouteRules.MayRepeat(error, isRepeatable: true)));
        Assert.Equal((false, true), (RouteRules.MayRepeat(new LinkBrokenException("x"), isRepeatable: false), RouteRules.MayRepeat(new LinkBrokenException("x"), isRepeatable: true)));
    }
}
