using System.Collections.Immutable;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Index;

/// <summary>The newest writes of one memory that were made under an idempotency key, oldest first. Not thread-safe.</summary>
internal sealed class KeyList
{
    private readonly Dictionary<string, KeyedWrite> _byKey = new(StringComparer.Ordinal);
    private readonly Queue<KeyedWrite> _byAge = new();

    public KeyList(ImmutableArray<KeyedWrite> writes)
    {
        foreach (KeyedWrite write in writes) Add(write);
    }

    public int Count => _byAge.Count;

    public ImmutableArray<KeyedWrite> ToArray() => [.. _byAge];

    public KeyedWrite? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>Remembers a write; the first one under a key is the answer to every repetition of it.</summary>
    public void Add(KeyedWrite write)
    {
        if (!_byKey.TryAdd(write.Key, write)) return;
        _byAge.Enqueue(write);
        if (_byAge.Count > StoreLimits.MaxRememberedKeys) _byKey.Remove(_byAge.Dequeue().Key);
    }
}
