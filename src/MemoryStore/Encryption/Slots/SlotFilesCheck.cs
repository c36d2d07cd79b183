namespace LatentDb.MemoryStore.Encryption.Slots;

/// <summary>Compares both copies of every slot. Runs while nobody writes them.</summary>
internal sealed class SlotFilesCheck(SlotFile a, SlotFile b)
{
    private readonly List<KeyCopyDamage> _damaged = [];

    /// <summary>Copies that are not as they were written.</summary>
    public IReadOnlyList<KeyCopyDamage> Damaged => _damaged;

    /// <summary>False when neither file says how many slots there are.</summary>
    public bool HasHeader { get; private set; }

    public long Bytes { get; private set; }

    public void CheckHeaders(int count)
    {
        foreach (SlotFile file in new[] { a, b })
        {
            string? wrong = file.WrongWithHeader(count);
            Bytes += SlotFile.HeaderBytes;
            if (wrong is null) HasHeader = true;
            else _damaged.Add(new KeyCopyDamage(file.Name, null, $"The file {file.Name} {wrong}."));
        }
    }

    /// <param name="from">The first slot.</param>
    /// <param name="to">The one after the last.</param>
    /// <param name="visit">Told each slot as the first copy that verifies says, or that it is lost.</param>
    public void CheckSlots(int from, int to, SlotVisitor visit)
    {
        byte[] inA = new byte[(to - from) * KeySlot.Bytes];
        byte[] inB = new byte[inA.Length];
        a.Read(from, inA);
        b.Read(from, inB);
        Bytes += 2L * inA.Length;
        for (int number = from; number < to; number++)
        {
            int at = (number - from) * KeySlot.Bytes;
            CheckSlot(number, inA.AsSpan(at, KeySlot.Bytes), inB.AsSpan(at, KeySlot.Bytes), visit);
        }
    }

    private void CheckSlot(int number, Span<byte> inA, Span<byte> inB, SlotVisitor visit)
    {
        bool isWholeInA = KeySlot.TryRead(inA, number, out KeySlot fromA);
        bool isWholeInB = KeySlot.TryRead(inB, number, out KeySlot fromB);
        if (!isWholeInA) _damaged.Add(new KeyCopyDamage(a.Name, number, $"Slot {number} of {a.Name} does not verify."));
        if (!isWholeInB) _damaged.Add(new KeyCopyDamage(b.Name, number, $"Slot {number} of {b.Name} does not verify."));
        if (isWholeInA && isWholeInB && !inA.SequenceEqual(inB)) _damaged.Add(new KeyCopyDamage(b.Name, number, $"Slot {number} of {b.Name} is older than that of {a.Name}."));
        if (isWholeInA) visit(number, fromA, inA);
        else if (isWholeInB) visit(number, fromB, inB);
        else visit(number, KeySlot.Lost, inA);
    }
}
