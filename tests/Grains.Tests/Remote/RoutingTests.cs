using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.Grains.Remote;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.Testing;

namespace LatentDb.Grains.Tests.Remote;

public sealed class RoutingTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    [InlineData("c")]
    public async Task Every_verb_works_through_any_silo(string silo)
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        IMemoryGrain memory = cluster.Memory(silo, cluster.NameAt("a"));

        await memory.CreateAsync(new CreateMemoryCommand("""{"who":"me"}""", WriteOrigin.None), CancellationToken.None);
        await memory.InjectAsync("one");
        await memory.SnapshotAsync("s");
        await memory.InjectAsync("two");
        Assert.Equal("one|two", await memory.AskAsync());
        Assert.Equal("one", await memory.AskAsync("s"));
        await memory.RollBackAsync("s");
        Assert.Equal(4, (await memory.ListVersionsAsync(10, null, CancellationToken.None)).Length);
        Assert.Equal("two", ((TextInput.Plain)(await memory.ReadTextAsync(new VersionNumber(3), CancellationToken.None))!).Text);
        Assert.Single((await memory.DiffAsync(VersionSelector.Parse("2"), VersionSelector.Parse("3"), CancellationToken.None)).Added);
        Assert.Single(await memory.ListSnapshotsAsync(CancellationToken.None));
        Assert.Null(await memory.FindWriteAsync("unknown", CancellationToken.None));
        Assert.False(await memory.DeleteSnapshotAsync(new DeleteSnapshotCommand(SnapshotName.Parse("s"), WriteOrigin.None), CancellationToken.None));
        Assert.False(await memory.EraseAsync());
        LatentDbException gone = await Assert.ThrowsAsync<LatentDbException>(() => memory.DescribeAsync(CancellationToken.None));
        Assert.Equal(ErrorCode.MemoryNotFound, gone.Code);
        Assert.Equal(0, cluster.Links.OpenCount);
    }

    [Fact]
    public async Task An_archive_goes_out_of_one_silo_and_into_another()
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        IMemoryGrain source = await CreateAsync(cluster, "c", cluster.NameAt("a"), "one", "two");
        using var archive = new MemoryStream();

        await source.ExportAsync(new ExportCommand(), archive, CancellationToken.None);
        archive.Position = 0;
        IMemoryGrain copy = cluster.Memory("c", cluster.NameAt("b"));
        await copy.ImportAsync(new ImportCommand(), archive, CancellationToken.None);

        Assert.Equal("one|two", await copy.AskAsync());
        Assert.Equal(await source.HeadAsync(), await copy.HeadAsync());
    }

    [Fact]
    public async Task A_fork_whose_source_is_at_another_silo_is_what_a_fork_at_one_silo_is()
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        string name = cluster.NameAt("a");
        await CreateAsync(cluster, "c", name, "one", "two");
        var command = new ForkCommand(ClusterFixture.Key(name), VersionSelector.Parse("2"), """{"f":1}""", new WriteOrigin("k1", "me"));

        MemorySummary near = (await cluster.Memory("c", cluster.NameAt("a", 1)).CreateForkAsync(command, CancellationToken.None)).Value;
        MemorySummary far = (await cluster.Memory("c", cluster.NameAt("b")).CreateForkAsync(command, CancellationToken.None)).Value;
        WriteResult<MemorySummary> again = await cluster.Memory("c", cluster.NameAt("b")).CreateForkAsync(command, CancellationToken.None);

        Assert.Equal(near.Head with { CommittedAt = default }, far.Head with { CommittedAt = default });
        Assert.Equal(near.Metadata, far.Metadata);
        Assert.True(again.IsReplay);
        Assert.Equal("one", await cluster.Memory("c", cluster.NameAt("b")).AskAsync());
    }

    [Fact]
    public async Task A_listing_is_of_all_owners_in_order_and_is_refused_rather_than_short()
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        string[] names = [cluster.NameAt("a"), cluster.NameAt("a", 1), cluster.NameAt("b"), cluster.NameAt("b", 1)];
        foreach (string name in names) await CreateAsync(cluster, "c", name);

        ImmutableArray<MemorySummary> all = await cluster.HostOf("c").ListMemoriesAsync(TenantId.Default, 3, null, CancellationToken.None);
        Assert.Equal(names.Order(StringComparer.Ordinal).Take(3), all.Select(memory => memory.Key.Memory.Value));

        await cluster.TakeAsync(1);
        cluster.ViewOf("c").Look();
        LatentDbException error = await FailedAsync(time => cluster.HostOf("c", time).ListMemoriesAsync(TenantId.Default, 3, null, CancellationToken.None));
        Assert.Equal(ErrorCode.NotOwner, error.Code);
    }

    [Fact]
    public async Task A_call_follows_its_shard_to_the_next_owner()
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        string name = cluster.NameAt("a");
        IMemoryGrain memory = await CreateAsync(cluster, "c", name, "one");

        await cluster.GiveAsync(ShardId.Of(ClusterFixture.Key(name), ClusterFixture.Shards).Value, "b");
        await memory.InjectAsync("two");

        Assert.Equal("one|two", await memory.AskAsync());
        Assert.Equal("b", cluster.ViewOf("c").Current.OwnerOf(ShardId.Of(ClusterFixture.Key(name), ClusterFixture.Shards))!.Name);
    }

    [Fact]
    public async Task Without_an_owner_a_caller_is_told_after_fifteen_seconds_and_when_to_come_again()
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        string name = cluster.NameAt("a");
        cluster.Cluster.Give(ShardId.Of(ClusterFixture.Key(name), ClusterFixture.Shards).Value, null);
        cluster.ViewOf("c").Look();

        LatentDbException error = await FailedAsync(time => cluster.HostOf("c", time).GetMemory(ClusterFixture.Key(name)).DescribeAsync(CancellationToken.None));

        Assert.Equal((ErrorCode.NotOwner, RouteRules.RetryAfter), (error.Code, error.RetryAfter));
        Assert.InRange(cluster.Cluster.Refreshes, 12, 40);
    }

    [Fact]
    public async Task A_caller_who_goes_away_cancels_the_call_at_the_owner()
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        IMemoryGrain memory = await CreateAsync(cluster, "c", cluster.NameAt("a"), "one");
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var caller = new CancellationTokenSource();
        cluster.Model.OnPiece = async token =>
        {
            await using CancellationTokenRegistration seen = token.Register(cancelled.SetResult);
            await caller.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (QueryEvent _ in memory.QueryEvents(cancellationToken: caller.Token))
            {
            }
        });

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    internal static async Task<IMemoryGrain> CreateAsync(ClusterFixture cluster, string silo, string name, params string[] texts)
    {
        IMemoryGrain memory = cluster.Memory(silo, name);
        await memory.CreateAsync(new CreateMemoryCommand(null, WriteOrigin.None), CancellationToken.None);
        foreach (string text in texts) await memory.InjectAsync(text);
        return memory;
    }

    /// <summary>Lets the clock run on until the call has failed.</summary>
    private static async Task<LatentDbException> FailedAsync(Func<TimeProvider, Task> call)
    {
        var time = new ManualTimeProvider();
        Task failing = call(time);
        while (!failing.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        return await Assert.ThrowsAsync<LatentDbException>(() => failing);
    }
}
