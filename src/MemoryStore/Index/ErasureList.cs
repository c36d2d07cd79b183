using System.Collections.Immutable;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Index;

/// <summary>The newest erasures of a shard that were made under an idempotency key. Only digests, so that nothing of an erased memory stays, not even its name.</summary>
internal sealed class ErasureList
{
    private readonly Lock _lock = new();
    private readonly HashSet<RequestDigest> _known = [];
    private readonly Queue<RequestDigest> _byAge = new();

    public bool Contains(RequestDigest erasure)
    {
        lock (_lock) return _known.Contains(erasure);
    }

    public void Add(RequestDigest erasure)
    {
        lock (_lock)
        {
            if (!_known.Add(erasure)) return;
            _byAge.Enqueue(erasure);
            if (_byAge.Count > StoreLimits.MaxRememberedErasures) _known.Remove(_byAge.Dequeue());
        }
    }

    /// <summary>Oldest first.</summary>
    public ImmutableArray<RequestDigest> ToArray()
    {
        lock (_lock) return [.. _byAge];
    }
}
