namespace LatentDb.MemoryStore.Encryption;

/// <summary>
/// A bounded cache of secrets: what leaves it is disposed of. Which one leaves is found as a clock does: the hand passes over what was used since it
/// last came by. Thread-safe; a hit allocates nothing.
/// </summary>
internal sealed class ClockCache<TKey, TValue>(int capacity) : IDisposable
    where TKey : notnull
    where TValue : class, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, int> _places = [];
    private readonly List<Entry> _entries = [];
    private readonly Stack<int> _empty = [];
    private int _hand;

    public int Count
    {
        get
        {
            lock (_lock) return _places.Count;
        }
    }

    /// <summary>The value, which another thread may push out and dispose of at any time; null when it is not here.</summary>
    public TValue? Find(TKey key)
    {
        lock (_lock)
        {
            if (!_places.TryGetValue(key, out int place)) return null;
            Entry entry = _entries[place];
            entry.WasUsed = true;
            return entry.Value;
        }
    }

    /// <summary>Gives the cache a value to own, unless it has one under that key: then the new one is disposed of.</summary>
    public void Add(TKey key, TValue value)
    {
        lock (_lock)
        {
            if (_places.ContainsKey(key))
            {
                value.Dispose();
                return;
            }

            int place = Place();
            Entry entry = _entries[place];
            (entry.Key, entry.Value, entry.WasUsed) = (key, value, true);
            _places[key] = place;
        }
    }

    public void Remove(TKey key)
    {
        lock (_lock)
        {
            if (_places.TryGetValue(key, out int place)) Clear(place);
        }
    }

    /// <summary>Disposes of everything; the cache can be used again.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (int place in _places.Values.ToArray()) Clear(place);
        }
    }

    private int Place()
    {
        if (_empty.TryPop(out int place)) return place;
        if (_entries.Count < capacity)
        {
            _entries.Add(new Entry());
            return _entries.Count - 1;
        }

        while (_entries[_hand].WasUsed)
        {
            _entries[_hand].WasUsed = false;
            _hand = (_hand + 1) % capacity;
        }

        Clear(_hand);
        return _empty.Pop();
    }

    private void Clear(int place)
    {
        Entry entry = _entries[place];
        _places.Remove(entry.Key!);
        entry.Value!.Dispose();
        (entry.Key, entry.Value, entry.WasUsed) = (default, null, false);
        _empty.Push(place);
    }

    private sealed class Entry
    {
        public TKey? Key { get; set; }

        public TValue? Value { get; set; }

        public bool WasUsed { get; set; }
    }
}
