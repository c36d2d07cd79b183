using System.Collections.Immutable;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Tests.Support;

/// <summary>Leases and sets of copies in memory, with the rules of the database: who is not in the set gets no lease, and who has lost it changes nothing.</summary>
internal sealed class TestCopySets
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ShardId, CopySet> _sets = [];

    /// <summary>A copy of it, for many runs from one beginning.</summary>
    public TestCopySets Copy()
    {
        var copy = new TestCopySets();
        foreach ((ShardId shard, CopySet set) in _sets) copy._sets.Add(shard, set);
        return copy;
    }

    public CopySet? Read(ShardId shard)
    {
        lock (_lock) return _sets.GetValueOrDefault(shard);
    }

    /// <summary>The lease, whoever had it before; null when the silo is none of the copies that count.</summary>
    public TestLease? Take(string silo, ShardId shard)
    {
        lock (_lock)
        {
            CopySet set = _sets.GetValueOrDefault(shard) ?? new CopySet([], 0, 0);
            if (!set.Members.IsEmpty && !set.Members.Contains(silo)) return null;
            set = set with { Term = set.Term + 1 };
            _sets[shard] = set;
            return new TestLease(shard, set.Term);
        }
    }

    /// <summary>The shard lies in a folder that was not copied: that of one silo, or of nobody knows whom.</summary>
    public void LieInFolder(ShardId shard, params ImmutableArray<string> members)
    {
        lock (_lock) _sets[shard] = (_sets.GetValueOrDefault(shard) ?? new CopySet([], 1, 0)) with { Members = members, IsOfFolder = true };
    }

    /// <summary>As one silo sees it.</summary>
    public ICopySets For(string silo) => new Seen(this, silo);

    private CopySet? TryChange(ShardId shard, CopySet before, ImmutableArray<string> members)
    {
        lock (_lock)
        {
            if (!_sets.TryGetValue(shard, out CopySet? now) || now.Term != before.Term || now.Revision != before.Revision) return null;
            return _sets[shard] = new CopySet(members, now.Term, now.Revision + 1);
        }
    }

    private void Resign(ShardId shard, string silo)
    {
        lock (_lock)
        {
            CopySet now = _sets[shard];
            if (now.Members.Length > 1) _sets[shard] = now with { Members = now.Members.Remove(silo), Revision = now.Revision + 1 };
        }
    }

    private sealed class Seen(TestCopySets sets, string silo) : ICopySets
    {
        public ValueTask<CopySet?> ReadAsync(ShardId shard, CancellationToken cancellationToken) => ValueTask.FromResult(sets.Read(shard));

        public ValueTask<CopySet?> TryChangeAsync(ShardId shard, CopySet before, ImmutableArray<string> members, CancellationToken cancellationToken) =>
            ValueTask.FromResult(sets.TryChange(shard, before, members));

        public ValueTask ResignAsync(ShardId shard, CancellationToken cancellationToken)
        {
            sets.Resign(shard, silo);
            return ValueTask.CompletedTask;
        }
    }
}
