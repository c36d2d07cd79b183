using LatentDb.Grains.Contracts;
using LatentDb.Grains.Hosting;
using LatentDb.Grains.Memories;
using LatentDb.Grains.Remote;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LatentDb.Grains.Tests.Remote;

/// <summary>Silos a and b over one real data folder of four shards, and c that owns none; links in memory, ownership as the test says.</summary>
internal sealed class ClusterFixture : IAsyncDisposable
{
    public const int Shards = 4;

    private readonly TempFolder _data = new();
    private readonly Dictionary<string, Owner> _owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FakeCluster.View> _views = new(StringComparer.Ordinal);
    private long _term;

    public FakeCluster Cluster { get; } = new(Shards);

    public InMemoryLinks Links { get; } = new();

    public EchoModelHost Model { get; } = new();

    public static async Task<ClusterFixture> StartAsync()
    {
        var fixture = new ClusterFixture();
        foreach (string name in (string[])["a", "b"]) await fixture.StartOwnerAsync(name);
        for (int shard = 0; shard < Shards; shard++) await fixture.GiveAsync(shard, shard % 2 == 0 ? "a" : "b");
        foreach (string name in (string[])["a", "b", "c"]) fixture.ViewOf(name).Look();
        return fixture;
    }

    public FakeCluster.View ViewOf(string silo)
    {
        if (!_views.TryGetValue(silo, out FakeCluster.View? view)) _views.Add(silo, view = Cluster.ViewOf(silo));
        return view;
    }

    /// <summary>The door to all memories, as that silo has it.</summary>
    public ClusterGrainHost HostOf(string silo, TimeProvider? time = null) => new(ViewOf(silo), Links.From(silo), _owners.GetValueOrDefault(silo)?.Local, time ?? TimeProvider.System);

    public IMemoryGrain Memory(string silo, string id) => HostOf(silo).GetMemory(Key(id));

    public static MemoryKey Key(string id) => new(TenantId.Default, MemoryId.Parse(id));

    /// <summary>A name of a memory that lies in a shard of that silo.</summary>
    public string NameAt(string owner, int number = 0) =>
        Enumerable.Range(0, 1000).Select(i => $"m{i}").Where(id => ViewOf(owner).Current.OwnerOf(ShardId.Of(Key(id), Shards))?.Name == owner).ElementAt(number);

    /// <summary>Moves a shard, and tells nobody but the table.</summary>
    public async Task GiveAsync(int shard, string owner)
    {
        foreach (Owner other in _owners.Values) await other.Store.CloseShardAsync(new ShardId(shard));
        await _owners[owner].Store.OpenShardAsync(new HeldLease(new ShardId(shard), ++_term), CancellationToken.None);
        Cluster.Give(shard, owner);
    }

    /// <summary>Leaves a shard without an owner.</summary>
    public async Task TakeAsync(int shard)
    {
        foreach (Owner owner in _owners.Values) await owner.Store.CloseShardAsync(new ShardId(shard));
        Cluster.Give(shard, null);
    }

    /// <summary>The same silo is reachable again, as after a broken connection.</summary>
    public void Revive(string silo) => Links.Serve(silo, _owners[silo].Service);

    public async ValueTask DisposeAsync()
    {
        await Links.DisposeAsync();
        foreach (Owner owner in _owners.Values)
        {
            owner.Service.Dispose();
            await owner.Host.DisposeAsync();
            await owner.Store.DisposeAsync();
        }

        _data.Dispose();
    }

    private async Task StartOwnerAsync(string name)
    {
        var options = new MemoryStoreOptions { Data = _data.Path, Shards = Shards, IsShared = true };
        var store = new MemoryStoreService(Options.Create(options), TimeProvider.System, NullLogger<MemoryStoreService>.Instance);
        await store.StartAsync(CancellationToken.None);
        var host = new EmbeddedGrainHost(new GrainHostOptions(), new GrainStore(store.Catalog, store.Exporter, store.Importer), Model, TimeProvider.System);
        await host.StartAsync(CancellationToken.None);
        var local = new LocalGrains(host, store.Catalog);
        _owners.Add(name, new Owner(store, host, local, new GrainService(local, NullLogger<GrainService>.Instance)));
        Cluster.Join(name);
        Revive(name);
    }

    private sealed record Owner(MemoryStoreService Store, EmbeddedGrainHost Host, LocalGrains Local, GrainService Service);
}
