using System.Collections.Immutable;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Replication.Followers;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.MemoryStore.Tests.Replication;

/// <summary>A process with a disk of its own that has copies of one shard, or owns it.</summary>
internal sealed class ReplicatedSilo : IAsyncDisposable
{
    public static readonly ShardId Shard = new(0);

    private readonly SimulatedStore _store;
    private readonly ReplicationHost _host;
    private Task _opening = Task.CompletedTask;

    private ReplicatedSilo(SimulatedStore store, string name, IDisk disk, ReplicationHost host, OpenStore open)
    {
        _store = store;
        Store = open;
        _host = host;
        Name = name;
        Disk = disk;
    }

    public string Name { get; }

    public IDisk Disk { get; }

    public TestLease? Lease { get; private set; }

    public OpenStore Store { get; }

    /// <param name="store">Where the locks are.</param>
    /// <param name="name">Of the silo, and its address.</param>
    /// <param name="disk">Its own.</param>
    /// <param name="members">Silos that are alive.</param>
    /// <param name="sets">Of the cluster.</param>
    /// <param name="links">Between them.</param>
    /// <param name="options">How copies are made.</param>
    public static async Task<ReplicatedSilo> StartAsync(
        SimulatedStore store, string name, IDisk disk, string[] members, TestCopySets sets, InMemoryLinks links, ReplicationOptions options)
    {
        var view = new FixedView(name, members);
        var host = new ReplicationHost(options, disk, store.Root, shards: 1, view, links.From(name), sets.For(name), TimeProvider.System, NullLogger.Instance);
        links.Serve(name, new ReplicationService(host));
        OpenStore open = await OpenStore.AtAsync(store.Root, SimulatedStore.Settings(disk) with { IsShared = true, Replication = host }).WaitAsync(SimulatedStore.Patience);
        return new ReplicatedSilo(store, name, disk, host, open);
    }

    /// <summary>Takes the lease and opens its copy.</summary>
    /// <returns>False when it is none of those that may.</returns>
    public async Task<bool> OpenAsync(TestCopySets sets)
    {
        Lease = sets.Take(Name, Shard);
        if (Lease is null) return false;
        _opening = Store.OpenShardAsync(Lease);
        await _opening.WaitAsync(SimulatedStore.Patience);
        return true;
    }

    /// <summary>Returns when the shard is served.</summary>
    public async Task ServedAsync()
    {
        using var limit = new CancellationTokenSource(SimulatedStore.Patience);
        while (Store.Shards.Find(Shard) is null) await Task.Delay(1, limit.Token);
    }

    public Task ResignAsync() => _host.ResignAsync(CancellationToken.None);

    public FolderListing List() => FolderListing.Of(Disk, Path.Combine(_store.Root, Shard.ToString()), isHashed: true);

    public async ValueTask DisposeAsync()
    {
        Lease?.Lose();
        await _opening.WaitAsync(SimulatedStore.Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Store.DisposeAsync().AsTask().WaitAsync(SimulatedStore.Patience);
        _host.Dispose();
    }

    private sealed class FixedView(string self, string[] members) : IClusterView
    {
        public string Self => self;

        public ClusterView Current { get; } =
            new(1, [.. members.Select(name => new SiloMember(name, default, name, SiloRoles.Store, IsDraining: false, 0))], ImmutableArray.Create<string?>(self));

        public ValueTask<ClusterView> RefreshAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Current);

        public ValueTask<ClusterView> WaitForAsync(long seen, CancellationToken cancellationToken) => ValueTask.FromResult(Current);
    }
}
