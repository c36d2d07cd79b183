using System.Numerics;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Encryption.Slots;

/// <summary>
/// Which slot holds which memory: 21 bytes a slot and 8 to 16 for finding it, so that a million memories cost some 30 MB. Open addressing with linear
/// steps; taking one out moves the following ones up. Thread-safe.
/// </summary>
internal sealed class SlotMap
{
    private const int Nothing = -1;

    private readonly Lock _lock = new();
    private readonly PriorityQueue<int, int> _free = new();
    private UInt128[] _uids;
    private SlotState[] _states;
    private int[] _table;
    private int _named;

    /// <param name="slots">How many slots there are, all to be told by <see cref="Set"/>.</param>
    public SlotMap(int slots)
    {
        Count = slots;
        _uids = new UInt128[slots];
        _states = new SlotState[slots];
        _table = NewTable(slots);
    }

    /// <summary>Slots of the files.</summary>
    public int Count { get; private set; }

    /// <summary>Slots of which neither copy could be read: one of them may be that of a memory that is not found.</summary>
    public int LostSlots { get; private set; }

    /// <summary>The slot of a memory and what it holds.</summary>
    public SlotPlace? Find(MemoryUid uid)
    {
        lock (_lock)
        {
            int slot = _table[Probe(uid.Value)];
            return slot == Nothing ? null : new SlotPlace(slot, _states[slot]);
        }
    }

    /// <summary>Says what a slot holds; a slot that held another memory must have been set to free before.</summary>
    /// <returns>False when another slot holds that memory: nothing was changed.</returns>
    public bool Set(int slot, KeySlot content)
    {
        lock (_lock)
        {
            SlotState before = _states[slot];
            if (IsNamed(content.State))
            {
                int place = Probe(content.Uid.Value);
                if (_table[place] != Nothing && _table[place] != slot) return false;
                _states[slot] = content.State;
                if (_table[place] == Nothing) Name(slot, content.Uid.Value, place);
                return true;
            }

            if (IsNamed(before)) Unname(slot);
            if (before == SlotState.Lost) LostSlots--;
            if (content.State == SlotState.Lost) LostSlots++;
            if (content.State == SlotState.Free) _free.Enqueue(slot, slot);
            _states[slot] = content.State;
            return true;
        }
    }

    /// <summary>The first free slot, which nobody else gets; null when there is none.</summary>
    public int? TakeFree()
    {
        lock (_lock) return _free.TryDequeue(out int slot, out _) ? slot : null;
    }

    /// <summary>Adds free slots at the end.</summary>
    public void Grow(int to)
    {
        lock (_lock)
        {
            Array.Resize(ref _uids, to);
            Array.Resize(ref _states, to);
            for (int slot = Count; slot < to; slot++)
            {
                _states[slot] = SlotState.Free;
                _free.Enqueue(slot, slot);
            }

            Count = to;
        }
    }

    /// <summary>What a slot holds, as far as this process knows; the uid only of a slot that has one.</summary>
    public (SlotState State, MemoryUid Uid) At(int slot)
    {
        lock (_lock) return (_states[slot], new MemoryUid(_uids[slot]));
    }

    /// <summary>The slots that are lost.</summary>
    public int[] Lost()
    {
        lock (_lock) return [.. Enumerable.Range(0, Count).Where(slot => _states[slot] == SlotState.Lost)];
    }

    /// <summary>The memories whose slot is in that state.</summary>
    public MemoryUid[] Uids(SlotState state)
    {
        lock (_lock)
        {
            var found = new List<MemoryUid>();
            for (int slot = 0; slot < Count; slot++)
            {
                if (_states[slot] == state) found.Add(new MemoryUid(_uids[slot]));
            }

            return [.. found];
        }
    }

    private static bool IsNamed(SlotState state) => state is SlotState.Present or SlotState.Erased;

    private void Name(int slot, UInt128 uid, int place)
    {
        _uids[slot] = uid;
        _table[place] = slot;
        _named++;
        if (_named > _table.Length / 2) Rehash();
    }

    private void Unname(int slot)
    {
        int hole = Probe(_uids[slot]);
        int mask = _table.Length - 1;
        for (int next = (hole + 1) & mask; _table[next] != Nothing; next = (next + 1) & mask)
        {
            int home = Home(_uids[_table[next]]);
            if (((next - home) & mask) < ((next - hole) & mask)) continue;
            _table[hole] = _table[next];
            hole = next;
        }

        _table[hole] = Nothing;
        _uids[slot] = default;
        _named--;
    }

    private void Rehash()
    {
        _table = NewTable(_named * 2);
        for (int slot = 0; slot < Count; slot++)
        {
            if (IsNamed(_states[slot])) _table[Probe(_uids[slot])] = slot;
        }
    }

    /// <summary>Where the memory stands in the table, or where it would.</summary>
    private int Probe(UInt128 uid)
    {
        int place = Home(uid);
        while (_table[place] != Nothing && _uids[_table[place]] != uid) place = (place + 1) & (_table.Length - 1);
        return place;
    }

    private int Home(UInt128 uid) => HashCode.Combine((ulong)uid, (ulong)(uid >> 64)) & (_table.Length - 1);

    private static int[] NewTable(int slots)
    {
        int[] table = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(slots, 16) * 2)];
        Array.Fill(table, Nothing);
        return table;
    }
}

/// <summary>Where a memory's key stands.</summary>
internal readonly record struct SlotPlace(int Slot, SlotState State);
