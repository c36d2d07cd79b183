using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Index;

/// <summary>Memories by name, and each tenant's in ordinal order of id.</summary>
internal sealed class MemoryDirectory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<MemoryKey, MemoryRef> _byKey = [];
    private readonly Dictionary<TenantId, SortedSet<string>> _byTenant = [];

    public MemoryRef? Find(MemoryKey key)
    {
        lock (_lock) return _byKey.GetValueOrDefault(key);
    }

    public bool TryAdd(MemoryRef entry)
    {
        lock (_lock)
        {
            if (!_byKey.TryAdd(entry.Key, entry)) return false;
            if (!_byTenant.TryGetValue(entry.Key.Tenant, out SortedSet<string>? names))
            {
                names = new SortedSet<string>(StringComparer.Ordinal);
                _byTenant.Add(entry.Key.Tenant, names);
            }

            names.Add(entry.Key.Memory.Value);
            return true;
        }
    }

    public void Remove(MemoryKey key)
    {
        lock (_lock)
        {
            _byKey.Remove(key);
            if (!_byTenant.TryGetValue(key.Tenant, out SortedSet<string>? names)) return;
            names.Remove(key.Memory.Value);
            if (names.Count == 0) _byTenant.Remove(key.Tenant);
        }
    }

    public ImmutableArray<MemoryRef> List(TenantId tenant, int limit, MemoryId? after)
    {
        lock (_lock)
        {
            if (!_byTenant.TryGetValue(tenant, out SortedSet<string>? names) || names.Count == 0) return [];
            if (after is MemoryId last && string.CompareOrdinal(last.Value, names.Max) >= 0) return [];
            IEnumerable<string> rest = after is MemoryId from ? names.GetViewBetween(from.Value, names.Max).Where(n => n != from.Value) : names;
            return [.. rest.Take(limit).Select(name => _byKey[new MemoryKey(tenant, MemoryId.Parse(name))])];
        }
    }

    public ImmutableArray<MemoryRef> All()
    {
        lock (_lock) return [.. _byKey.Values];
    }

    public int Count
    {
        get
        {
            lock (_lock) return _byKey.Count;
        }
    }
}
