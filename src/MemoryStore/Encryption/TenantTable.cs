using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>The tenants of a shard and their keys; every change makes a new table, so that readers take no lock.</summary>
internal sealed class TenantTable
{
    /// <summary>The shard itself: its directory, checkpoints and genesis belong to no tenant.</summary>
    public const int ShardIndex = 0;

    /// <summary>No tenant's name is empty.</summary>
    public const string ShardName = "";

    private readonly ImmutableDictionary<int, TenantEntry> _byIndex;
    private readonly ImmutableDictionary<string, int> _byName;

    private TenantTable(ImmutableDictionary<int, TenantEntry> byIndex, ImmutableDictionary<string, int> byName, int nextIndex)
    {
        _byIndex = byIndex;
        _byName = byName;
        NextIndex = nextIndex;
    }

    public static TenantTable Empty { get; } = new(ImmutableDictionary<int, TenantEntry>.Empty, ImmutableDictionary.Create<string, int>(StringComparer.Ordinal), 0);

    /// <summary>The index of the next tenant; indexes are not used again.</summary>
    public int NextIndex { get; }

    public IEnumerable<TenantEntry> Entries => _byIndex.Values.OrderBy(e => e.Index);

    public int Count => _byIndex.Count;

    public TenantEntry? Find(int index) => _byIndex.GetValueOrDefault(index);

    public TenantEntry? Find(string name) => _byName.TryGetValue(name, out int index) ? _byIndex[index] : null;

    /// <summary>Adds a tenant, or replaces the one with that index.</summary>
    public TenantTable With(TenantEntry entry)
    {
        if (_byIndex.Count >= EncryptionLimits.MaxTenants && !_byIndex.ContainsKey(entry.Index)) throw new LatentDbException(ErrorCode.StoreFull, $"The shard has {EncryptionLimits.MaxTenants} tenants and takes no more.");
        return new TenantTable(_byIndex.SetItem(entry.Index, entry), _byName.SetItem(entry.Name, entry.Index), Math.Max(NextIndex, entry.Index + 1));
    }

    /// <summary>The same indexes go on even when the last tenants are gone.</summary>
    public TenantTable StartingAt(int nextIndex) => new(_byIndex, _byName, Math.Max(NextIndex, nextIndex));

    /// <summary>A table of its own with the newest keys of some tenants.</summary>
    public TenantTable Copy(Func<int, bool> isKept) =>
        Entries.Where(e => isKept(e.Index)).Aggregate(Empty, (table, e) => table.With(e with { Keys = [e.Newest.Copy()] })).StartingAt(NextIndex);

    /// <summary>Zeroes every key.</summary>
    public void Erase()
    {
        foreach (TenantKey key in _byIndex.Values.SelectMany(e => e.Keys)) key.Key.Dispose();
    }
}
