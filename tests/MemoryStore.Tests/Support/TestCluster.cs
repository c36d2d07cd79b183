using System.Collections.Immutable;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Tests.Support;

/// <summary>A membership table and an authority over leases in memory.</summary>
internal sealed class TestCluster(int shards)
{
    private readonly Lock _lock = new();
    private readonly (string Owner, TestLease Lease)?[] _owners = new (string, TestLease)?[shards];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableArray<SiloMember> _silos = [];
    private long _terms;

    public ClusterView Current { get; private set; } = new(1, [], [.. new string?[shards]]);

    public TestSilo Add(string name)
    {
        lock (_lock)
        {
            _silos = [.. _silos.Add(new SiloMember(name, Guid.NewGuid(), $"{name}:1", SiloRoles.Store, IsDraining: false, 0)).OrderBy(s => s.Name, StringComparer.Ordinal)];
            Change();
        }

        return new TestSilo(this, name);
    }

    public void Remove(string name)
    {
        lock (_lock)
        {
            _silos = [.. _silos.Where(silo => silo.Name != name)];
            Change();
        }
    }

    /// <summary>All leases of a silo end.</summary>
    public void LoseAll(string name)
    {
        lock (_lock)
        {
            for (int i = 0; i < _owners.Length; i++)
            {
                if (_owners[i] is not { } owned || owned.Owner != name) continue;
                owned.Lease.Lose();
                _owners[i] = null;
            }

            Change();
        }
    }

    public async ValueTask<ClusterView> WaitForAsync(long seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (Current.Number > seen) return Current;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public ShardLease? Take(string name, ShardId shard)
    {
        lock (_lock)
        {
            if (_owners[shard.Value] is not null) return null;
            var lease = new TestLease(shard, ++_terms) { GivenBack = GiveBack };
            _owners[shard.Value] = (name, lease);
            Change();
            return lease;
        }
    }

    private void GiveBack(TestLease lease)
    {
        lock (_lock)
        {
            if (_owners[lease.Shard.Value]?.Lease != lease) return;
            _owners[lease.Shard.Value] = null;
            Change();
        }
    }

    private void Change()
    {
        Current = new ClusterView(Current.Number + 1, _silos, [.. _owners.Select(owned => owned?.Owner)]);
        (TaskCompletionSource told, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        told.SetResult();
    }
}

/// <summary>One silo of it.</summary>
internal sealed class TestSilo(TestCluster cluster, string name) : IClusterView, IShardLeases
{
    public string Self => name;

    public ClusterView Current => cluster.Current;

    public ValueTask<ClusterView> RefreshAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Current);

    public ValueTask<ClusterView> WaitForAsync(long seen, CancellationToken cancellationToken) => cluster.WaitForAsync(seen, cancellationToken);

    public ValueTask<ShardLease?> TryAcquireAsync(ShardId shard, CancellationToken cancellationToken) => ValueTask.FromResult(cluster.Take(name, shard));
}
