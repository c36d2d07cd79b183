using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Index;

/// <summary>Memories by name, and each tenant's in ordinal order of id, with their count and their bytes.</summary>
internal sealed class MemoryDirectory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<MemoryKey, MemoryRef> _byKey = [];
    private readonly Dictionary<TenantId, TenantMemories> _byTenant = [];
    private readonly HashSet<MemoryRef> _waiting = [];

    public MemoryRef? Find(MemoryKey key)
    {
        lock (_lock) return _byKey.GetValueOrDefault(key);
    }

    public bool TryAdd(MemoryRef entry)
    {
        lock (_lock)
        {
            if (!_byKey.TryAdd(entry.Key, entry)) return false;
            if (!_byTenant.TryGetValue(entry.Key.Tenant, out TenantMemories? tenant))
            {
                tenant = new TenantMemories();
                _byTenant.Add(entry.Key.Tenant, tenant);
            }

            tenant.Names.Add(entry.Key.Memory.Value);
            tenant.Bytes += Counted(entry.Bytes);
            if (entry.IsWaiting) _waiting.Add(entry);
            return true;
        }
    }

    public void Remove(MemoryKey key)
    {
        lock (_lock)
        {
            if (!_byKey.Remove(key, out MemoryRef? memory) || !_byTenant.TryGetValue(key.Tenant, out TenantMemories? tenant)) return;
            tenant.Names.Remove(key.Memory.Value);
            tenant.Bytes -= Counted(memory.Bytes);
            _waiting.Remove(memory);
            if (tenant.Names.Count == 0) _byTenant.Remove(key.Tenant);
        }
    }

    /// <summary>A memory names that many bytes from now on, and has pending operations or none.</summary>
    public void Note(MemoryRef memory, long bytes, bool isWaiting)
    {
        lock (_lock)
        {
            if (_byKey.GetValueOrDefault(memory.Key) == memory)
            {
                _byTenant[memory.Key.Tenant].Bytes += Counted(bytes) - Counted(memory.Bytes);
                if (isWaiting) _waiting.Add(memory);
                else _waiting.Remove(memory);
            }

            (memory.Bytes, memory.IsWaiting) = (bytes, isWaiting);
        }
    }

    /// <summary>Memories with pending operations.</summary>
    public ImmutableArray<MemoryKey> Waiting()
    {
        lock (_lock) return [.. _waiting.Select(m => m.Key)];
    }

    /// <summary>How many memories a tenant has here, and the bytes of the blocks that each of them names.</summary>
    public TenantUsage UsageOf(TenantId tenant)
    {
        lock (_lock) return _byTenant.TryGetValue(tenant, out TenantMemories? memories) ? new TenantUsage(memories.Names.Count, memories.Bytes) : default;
    }

    public ImmutableArray<MemoryRef> List(TenantId tenant, int limit, MemoryId? after)
    {
        lock (_lock)
        {
            if (!_byTenant.TryGetValue(tenant, out TenantMemories? memories)) return [];
            SortedSet<string> names = memories.Names;
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

    private static long Counted(long bytes) => bytes == MemoryRef.UnknownBytes ? 0 : bytes;

    /// <summary>The memories of one tenant; there while it has any.</summary>
    private sealed class TenantMemories
    {
        public SortedSet<string> Names { get; } = new(StringComparer.Ordinal);

        public long Bytes { get; set; }
    }
}
