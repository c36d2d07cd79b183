using LatentDb.MemoryStore.Cluster;

namespace LatentDb.Grains.Tests.Remote;

/// <summary>A membership table that the test writes. Each silo sees it as it was when that silo looked last.</summary>
internal sealed class FakeCluster(int shards)
{
    private readonly Lock _lock = new();
    private ClusterView _truth = new(1, [], [.. Enumerable.Repeat<string?>(null, shards)]);

    /// <summary>Called at each look.</summary>
    public Action OnRefresh { get; set; } = () => { };

    public int Refreshes { get; private set; }

    public void Join(string name)
    {
        lock (_lock)
        {
            var member = new SiloMember(name, Guid.NewGuid(), name, SiloRoles.Store | SiloRoles.Api, IsDraining: false, Load: 0);
            _truth = _truth with { Number = _truth.Number + 1, Silos = [.. _truth.Silos.Append(member).OrderBy(silo => silo.Name, StringComparer.Ordinal)] };
        }
    }

    public void Give(int shard, string? owner)
    {
        lock (_lock) _truth = _truth with { Number = _truth.Number + 1, Owners = _truth.Owners.SetItem(shard, owner) };
    }

    public View ViewOf(string self) => new(this, self);

    internal sealed class View(FakeCluster cluster, string self) : IClusterView
    {
        public string Self => self;

        public ClusterView Current { get; private set; } = ClusterView.Empty;

        public void Look()
        {
            lock (cluster._lock) Current = cluster._truth;
        }

        public ValueTask<ClusterView> RefreshAsync(CancellationToken cancellationToken)
        {
            cluster.Refreshes++;
            cluster.OnRefresh();
            Look();
            return ValueTask.FromResult(Current);
        }

        public ValueTask<ClusterView> WaitForAsync(long seen, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
