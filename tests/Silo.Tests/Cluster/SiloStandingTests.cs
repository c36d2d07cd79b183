using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Cluster;
using LatentDb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LatentDb.Silo.Tests.Cluster;

/// <summary>What a silo says of itself before it is sent requests.</summary>
public sealed class SiloStandingTests : IAsyncLifetime, IDisposable
{
    private readonly TempFolder _data = new();
    private readonly SeenCluster _cluster = new();
    private readonly MemoryStoreService _store;

    public SiloStandingTests() => _store = new MemoryStoreService(
        Options.Create(new MemoryStoreOptions { Data = _data.Path, Shards = 1, IsShared = true }), TimeProvider.System, NullLogger<MemoryStoreService>.Instance);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _store.DisposeAsync();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task A_single_server_is_ready_when_its_store_is_open()
    {
        SiloStanding standing = Standing(new SiloOptions());

        Assert.Equal("closed", standing.Store());
        await _store.StartAsync(CancellationToken.None);
        Assert.Equal("ready", standing.Store());
        Assert.True(standing.HasModel);
    }

    [Fact]
    public async Task A_silo_of_a_cluster_joins_until_it_sees_the_others_and_has_looked_after_its_shards()
    {
        await using ShardKeeper keeper = Keeper();
        SiloStanding standing = Standing(Clustered("store"), keeper);
        await _store.StartAsync(CancellationToken.None);

        Assert.Equal("joining", standing.Store());
        _cluster.Current = new ClusterView(1, [new SiloMember("self", Guid.NewGuid(), "self:1", SiloRoles.Store, IsDraining: false, Load: 0)], [null]);
        Assert.Equal("joining", standing.Store());
        await keeper.StartAsync(CancellationToken.None);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!keeper.HasSettled) await Task.Delay(5, limit.Token);
        Assert.Equal("ready", standing.Store());
        Assert.False(standing.HasModel);
    }

    [Fact]
    public void A_silo_that_owns_no_shards_is_ready_with_its_first_view()
    {
        SiloStanding standing = Standing(Clustered("model"));

        Assert.Equal("joining", standing.Store());
        _cluster.Current = new ClusterView(1, [], []);
        Assert.Equal("ready", standing.Store());
        Assert.True(standing.HasModel);
    }

    [Fact]
    public void Maintenance_has_no_model() => Assert.False(Standing(new SiloOptions { Maintenance = true }).HasModel);

    private static SiloOptions Clustered(string roles) => new() { ClusterDatabase = "Host=nowhere", ClusterUrls = "http://127.0.0.1:1", ClusterKey = new string('k', 32), Roles = roles, SiloName = "self" };

    private SiloStanding Standing(SiloOptions options, ShardKeeper? keeper = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IClusterView>(_cluster);
        if (keeper is not null) services.AddSingleton(keeper);
        return new SiloStanding(options, _store, services.BuildServiceProvider());
    }

    private ShardKeeper Keeper() =>
        new(_store, new NoLeases(), _cluster, [], new ShardKeeperOptions { Shards = 1, Pause = TimeSpan.FromMilliseconds(5) }, TimeProvider.System, NullLogger<ShardKeeper>.Instance);

    /// <summary>Somebody else always has it; so the try is made and nothing is open.</summary>
    private sealed class NoLeases : IShardLeases
    {
        public ValueTask<ShardLease?> TryAcquireAsync(ShardId shard, CancellationToken cancellationToken) => throw new IOException("No database.");
    }

    private sealed class SeenCluster : IClusterView
    {
        public string Self => "self";

        public ClusterView Current { get; set; } = ClusterView.Empty;

        public ValueTask<ClusterView> RefreshAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Current);

        public async ValueTask<ClusterView> WaitForAsync(long seen, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return Current;
        }
    }
}
