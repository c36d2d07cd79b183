namespace LatentDb.MemoryStore.Index;

/// <summary>Keeps the entries that were used last from being collected, bounded by what they hold.</summary>
internal sealed class EntryCache(long maxItems)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<MemoryEntry, LinkedListNode<Item>> _nodes = [];
    private readonly LinkedList<Item> _byUse = new();
    private long _items;

    public void Touch(MemoryEntry entry)
    {
        lock (_lock)
        {
            if (_nodes.TryGetValue(entry, out LinkedListNode<Item>? node))
            {
                _byUse.Remove(node);
                _items -= node.Value.Items;
            }

            var item = new Item(entry, entry.Items);
            _nodes[entry] = _byUse.AddFirst(item);
            _items += item.Items;
            while (_items > maxItems && _byUse.Count > 1 && _byUse.Last is LinkedListNode<Item> last)
            {
                _byUse.RemoveLast();
                _nodes.Remove(last.Value.Entry);
                _items -= last.Value.Items;
            }
        }
    }

    public void Remove(MemoryEntry entry)
    {
        lock (_lock)
        {
            if (!_nodes.Remove(entry, out LinkedListNode<Item>? node)) return;
            _byUse.Remove(node);
            _items -= node.Value.Items;
        }
    }

    private sealed record Item(MemoryEntry Entry, long Items);
}
