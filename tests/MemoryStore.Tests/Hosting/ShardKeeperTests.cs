using System.Collections.Concurrent;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.MemoryStore.Tests.Hosting;

/// <summary>Keepers of several stores over one folder, with an authority over leases and a view in memory.</summary>
public sealed class ShardKeeperTests : IDisposable
{
    private const int Shards = 6;

    private readonly TempFolder _folder = new();
    private readonly TestCluster _cluster = new(Shards);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Shards_come_to_the_only_silo_move_to_a_second_one_and_back_when_that_stops()
    {
        await using Silo first = await StartAsync("a");
        await first.Users.EnteredAsync(Shards);
        var model = new TestModel();
        MemoryKey[] keys = [.. Enumerable.Range(0, 12).Select(i => OpenStore.Key($"m{i}"))];
        foreach (MemoryKey key in keys) await model.InjectAsync(await model.CreateAsync(first.Store.Catalog, key), 1);

        Silo second = await StartAsync("b");
        await second.Users.EnteredAsync(Shards / 2);
        Assert.Equal(Shards, first.Store.Catalog.OpenShards.Length + second.Store.Catalog.OpenShards.Length);
        Assert.Equal(3, first.Users.Left.Distinct().Count());
        foreach (MemoryKey key in keys)
        {
            MemoryStoreService owner = first.Store.IsServing(first.Store.Catalog.ShardOf(key)) ? first.Store : second.Store;
            Assert.Equal(3, (await model.InjectAsync(await owner.Catalog.OpenAsync(key, CancellationToken.None), 2)).Number.Value);
        }

        await second.DisposeAsync();
        await first.Users.EnteredAsync(Shards / 2);
        foreach (MemoryKey key in keys) Assert.Equal(3, (await first.Store.Catalog.OpenAsync(key, CancellationToken.None)).Summary.Head.Number.Value);
    }

    [Fact]
    public async Task A_lost_lease_closes_the_shard_and_another_silo_has_it()
    {
        await using Silo first = await StartAsync("a");
        await first.Users.EnteredAsync(Shards);
        _cluster.Remove("a");
        await using Silo second = await StartAsync("b");

        // The authority has forgotten the first one, as after a pause of its process: no hand-over.
        _cluster.LoseAll("a");
        await second.Users.EnteredAsync(Shards);

        Assert.Empty(first.Store.Catalog.OpenShards);
        Assert.Empty(first.Keeper.Held);
        Assert.Equal(Shards, second.Store.Catalog.OpenShards.Length);
    }

    [Fact]
    public async Task A_silo_that_stops_leaves_no_lease_behind()
    {
        Silo only = await StartAsync("a");
        await only.Users.EnteredAsync(Shards);
        Assert.Equal(Shards, only.Keeper.Held.Length);

        await only.DisposeAsync();

        Assert.All(_cluster.Current.Owners, Assert.Null);
    }

    private async Task<Silo> StartAsync(string name)
    {
        var store = new MemoryStoreService(new MemoryStoreOptions { Data = _folder.Path, Shards = Shards, IsShared = true }, new ShardSettings { IsShared = true });
        await store.StartAsync(CancellationToken.None);
        var users = new TestUsers();
        var options = new ShardKeeperOptions { Shards = Shards, Pause = TimeSpan.FromMilliseconds(20) };
        TestSilo silo = _cluster.Add(name);
        var keeper = new ShardKeeper(store, silo, silo, [users], options, TimeProvider.System, NullLogger<ShardKeeper>.Instance);
        await keeper.StartAsync(CancellationToken.None);
        return new Silo(store, keeper, users, () => _cluster.Remove(name));
    }

    private sealed record Silo(MemoryStoreService Store, ShardKeeper Keeper, TestUsers Users, Action Leave) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Keeper.DisposeAsync();
            Leave();
            await Store.DisposeAsync();
            Users.Dispose();
        }
    }

    private sealed class TestUsers : IShardUsers, IDisposable
    {
        public ConcurrentQueue<ShardId> Left { get; } = [];

        private readonly SemaphoreSlim _entered = new(0);

        public void Enter(ShardId shard) => _entered.Release();

        public void Dispose() => _entered.Dispose();

        /// <summary>Waits until so many more shards are open.</summary>
        public async Task EnteredAsync(int shards)
        {
            for (int i = 0; i < shards; i++) Assert.True(await _entered.WaitAsync(TimeSpan.FromSeconds(60)));
        }

        public ValueTask LeaveAsync(ShardId shard, CancellationToken cancellationToken)
        {
            Left.Enqueue(shard);
            return ValueTask.CompletedTask;
        }
    }
}
