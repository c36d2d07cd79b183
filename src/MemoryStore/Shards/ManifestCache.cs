using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Shards;

/// <summary>Decoded manifests, least recently used out first, bounded by runs. A version's content never changes, so nothing goes stale.</summary>
internal sealed class ManifestCache(long maxRuns)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(MemoryUid, VersionNumber), LinkedListNode<Item>> _items = [];
    private readonly LinkedList<Item> _byUse = new();
    private long _runs;

    public Manifest? Find(MemoryUid memory, VersionNumber content)
    {
        lock (_lock)
        {
            if (!_items.TryGetValue((memory, content), out LinkedListNode<Item>? node)) return null;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Manifest;
        }
    }

    public void Add(MemoryUid memory, VersionNumber content, Manifest manifest)
    {
        lock (_lock)
        {
            if (_items.ContainsKey((memory, content))) return;
            var item = new Item(memory, content, manifest, RunsOf(manifest));
            _items.Add((memory, content), _byUse.AddFirst(item));
            _runs += item.Runs;
            while (_runs > maxRuns && _byUse.Count > 1 && _byUse.Last is LinkedListNode<Item> last)
            {
                _byUse.RemoveLast();
                _items.Remove((last.Value.Memory, last.Value.Content));
                _runs -= last.Value.Runs;
            }
        }
    }

    /// <summary>Drops what is known of a memory that was erased.</summary>
    public void Remove(MemoryUid memory)
    {
        lock (_lock)
        {
            foreach (LinkedListNode<Item> node in _items.Where(i => i.Key.Item1 == memory).Select(i => i.Value).ToList())
            {
                _byUse.Remove(node);
                _items.Remove((node.Value.Memory, node.Value.Content));
                _runs -= node.Value.Runs;
            }
        }
    }

    private static long RunsOf(Manifest manifest)
    {
        long runs = manifest.Blocks.Length + 1;
        foreach (LayerRows layer in manifest.Layers) runs += layer.Pool.Length + layer.Bank.Length;
        return runs;
    }

    private sealed record Item(MemoryUid Memory, VersionNumber Content, Manifest Manifest, long Runs);
}
