namespace LatentDb.MemoryStore.Encryption.Slots;

/// <summary>Slots that are written together, and how many the files have afterwards. Used by one thread.</summary>
internal sealed class SlotBatch
{
    private readonly SortedDictionary<int, byte[]> _slots = [];

    public IReadOnlyDictionary<int, byte[]> Slots => _slots;

    /// <summary>Slots that the files have afterwards; null = as before.</summary>
    public int? Count { get; private set; }

    public bool IsEmpty => _slots.Count == 0;

    /// <summary>The slot as this batch leaves it; null when the batch does not touch it.</summary>
    public byte[]? Find(int number) => _slots.GetValueOrDefault(number);

    /// <summary>Puts a finished slot; a later one for the same place takes over.</summary>
    public void Put(int number, byte[] slot) => _slots[number] = slot;

    /// <summary>Grows the files by free slots.</summary>
    public void Grow(int from, int to)
    {
        for (int number = from; number < to; number++) _slots[number] = KeySlot.Free.ToBytes(number);
        Count = to;
    }

    public void Clear()
    {
        _slots.Clear();
        Count = null;
    }
}
