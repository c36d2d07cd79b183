using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Hosting;

/// <summary>A folder that two services share, each with some of its shards.</summary>
public sealed class SharedFolderTests : IDisposable
{
    private const int Shards = 4;

    private readonly TempFolder _folder = new();
    private readonly TestModel _model = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_shard_that_is_not_open_is_not_owner_and_is_served_once_it_is()
    {
        await using MemoryStoreService store = await StartAsync();
        MemoryKey key = OpenStore.Key("bob");
        Assert.Empty(store.Catalog.OpenShards);
        Assert.Equal(ErrorCode.NotOwner, (await Assert.ThrowsAsync<LatentDbException>(() => store.Catalog.OpenAsync(key, CancellationToken.None))).Code);

        await store.OpenShardAsync(new TestLease(store.Catalog.ShardOf(key)), CancellationToken.None);
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, key);
        await _model.InjectAsync(timeline, 1);

        Assert.Equal(store.Catalog.ShardOf(key), Assert.Single(store.Catalog.OpenShards));
        Assert.Equal(1, store.Catalog.UsageOf(key.Tenant).Memories);
        Assert.Single(await store.Catalog.ListAsync(key.Tenant, 10, null, CancellationToken.None));
    }

    [Fact]
    public async Task A_shard_moves_from_one_process_to_another_with_all_that_was_acknowledged()
    {
        await using MemoryStoreService first = await StartAsync();
        await using MemoryStoreService second = await StartAsync();
        MemoryKey key = OpenStore.Key("bob");
        ShardId shard = first.Catalog.ShardOf(key);
        await first.OpenShardAsync(new TestLease(shard), CancellationToken.None);
        MemoryTimeline timeline = await _model.CreateAsync(first.Catalog, key);
        await _model.InjectAsync(timeline, 1);

        Assert.True(await first.CloseShardAsync(shard));
        Assert.False(timeline.IsCurrent);
        Assert.Equal(ErrorCode.NotOwner, (await Assert.ThrowsAsync<LatentDbException>(() => timeline.ReadAsync(VersionSelector.Head, CancellationToken.None).AsTask())).Code);
        Assert.Equal(ErrorCode.NotOwner, (await Assert.ThrowsAsync<LatentDbException>(() => _model.InjectAsync(timeline, 2))).Code);
        await second.OpenShardAsync(new TestLease(shard), CancellationToken.None);
        MemoryTimeline again = await second.Catalog.OpenAsync(key, CancellationToken.None);
        Assert.Equal(3, (await _model.InjectAsync(again, 2)).Number.Value);

        Assert.True(await second.CloseShardAsync(shard));
        await first.OpenShardAsync(new TestLease(shard), CancellationToken.None);
        Assert.Equal(3, (await first.Catalog.OpenAsync(key, CancellationToken.None)).Summary.Head.Number.Value);
    }

    [Fact]
    public async Task A_lost_lease_stops_reads_of_the_head_and_writes_at_once()
    {
        await using MemoryStoreService store = await StartAsync();
        MemoryKey key = OpenStore.Key("bob");
        var lease = new TestLease(store.Catalog.ShardOf(key));
        await store.OpenShardAsync(lease, CancellationToken.None);
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, key);
        lease.Lose();

        Assert.Equal(ErrorCode.NotOwner, (await Assert.ThrowsAsync<LatentDbException>(() => _model.InjectAsync(timeline, 1))).Code);
        Assert.Equal(ErrorCode.NotOwner, (await Assert.ThrowsAsync<LatentDbException>(() => timeline.ReadAsync(VersionSelector.Head, CancellationToken.None).AsTask())).Code);
        Assert.Equal(ErrorCode.NotOwner, Assert.Throws<LatentDbException>(() => timeline.Summary).Code);
        Assert.Equal(ErrorCode.NotOwner, Assert.Throws<LatentDbException>(() => store.Catalog.Exists(key)).Code);
        Assert.Empty(store.Catalog.OpenShards);
    }

    [Fact]
    public async Task A_commit_during_which_the_lease_ended_is_not_acknowledged()
    {
        await using MemoryStoreService store = await StartAsync();
        MemoryKey key = OpenStore.Key("bob");
        var lease = new TestLease(store.Catalog.ShardOf(key));
        await store.OpenShardAsync(lease, CancellationToken.None);
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, key);

        // Held when the write begins, over when its commit is to be acknowledged.
        lease.LoseAfter(looks: 2);

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(
            () => timeline.RollBackAsync(VersionSelector.Head, VersionNumber.First, WriteOrigin.None, CancellationToken.None));
        Assert.True(error.Code == ErrorCode.StaleOwner || error.Code == ErrorCode.NotOwner, error.Code.Name);
    }

    [Fact]
    public async Task A_server_that_believes_to_be_alone_is_kept_out_of_a_shared_folder_and_shares_none()
    {
        await using MemoryStoreService shared = await StartAsync();
        await shared.OpenShardAsync(new TestLease(new ShardId(0)), CancellationToken.None);
        Assert.Equal(ErrorCode.ShardLocked, (await Assert.ThrowsAsync<LatentDbException>(() => OpenStore.AtAsync(_folder.Path, shards: Shards))).Code);
        Assert.True(await shared.CloseShardAsync(new ShardId(0)));
        await shared.DisposeAsync();

        await using OpenStore alone = await OpenStore.AtAsync(_folder.Path, shards: Shards);
        await using MemoryStoreService late = await StartAsync();
        Assert.Equal(ErrorCode.ShardLocked, (await Assert.ThrowsAsync<LatentDbException>(() => late.OpenShardAsync(new TestLease(new ShardId(0)), CancellationToken.None))).Code);
    }

    private async Task<MemoryStoreService> StartAsync()
    {
        var service = new MemoryStoreService(new MemoryStoreOptions { Data = _folder.Path, Shards = Shards, IsShared = true }, new ShardSettings { IsShared = true });
        await service.StartAsync(CancellationToken.None);
        return service;
    }
}
