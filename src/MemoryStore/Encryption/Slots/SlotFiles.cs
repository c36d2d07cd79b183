using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Encryption.Slots;

/// <summary>
/// The files <c>keys.a</c> and <c>keys.b</c>: two equal copies of the slots, written in place.
/// <code>
/// 1 write a      a may be torn, b is the old state
/// 2 sync a       a is the new state, b the old one
/// 3 write b      a is the new state, b may be torn
/// 4 sync b       both are the new state; only now anybody is told
/// </code>
/// So a is never older than b, and a slot is what a says, or what b says when a does not verify. A slot beyond the count of b's header was never
/// acknowledged: when a does not have it either, it is free.
/// </summary>
internal sealed class SlotFiles : IDisposable
{
    private const int SlotsReadTogether = 8192;

    private readonly Lock _writing = new();
    private readonly SlotFile _a;
    private readonly SlotFile _b;

    private SlotFiles(SlotFile a, SlotFile b, int count)
    {
        _a = a;
        _b = b;
        Count = count;
    }

    /// <summary>Slots of the files.</summary>
    public int Count { get; private set; }

    public static string PathA(string folder) => Path.Combine(folder, "keys.a");

    public static string PathB(string folder) => Path.Combine(folder, "keys.b");

    /// <exception cref="LatentDbException">data_damaged when neither header verifies; unsupported_format.</exception>
    public static SlotFiles Open(IDisk disk, string folder)
    {
        var a = new SlotFile(disk, PathA(folder));
        SlotFile? b = null;
        try
        {
            b = new SlotFile(disk, PathB(folder));
            int count = a.Count ?? b.Count ?? throw new LatentDbException(
                ErrorCode.DataDamaged, "Both key files are damaged or missing; the shard is not opened, because nothing in it could be read.");
            return new SlotFiles(a, b, count);
        }
        catch
        {
            a.Dispose();
            b?.Dispose();
            throw;
        }
    }

    /// <summary>Reads one slot from the first copy that verifies; what a writer is changing at this moment is awaited.</summary>
    public bool TryRead(int number, Span<byte> slot, out KeySlot read)
    {
        if (TryReadEither(number, slot, out read)) return true;
        lock (_writing) return TryReadEither(number, slot, out read);
    }

    /// <summary>Visits slots in order: each as the first copy that verifies says, or <see cref="SlotState.Lost"/>.</summary>
    /// <returns>Copies of slots that did not verify.</returns>
    public long Visit(int from, int to, SlotVisitor visit)
    {
        long damaged = 0;
        byte[] a = new byte[Math.Min(to - from, SlotsReadTogether) * KeySlot.Bytes];
        byte[] b = new byte[a.Length];
        for (int first = from; first < to; first += SlotsReadTogether)
        {
            int bytes = Math.Min(to - first, SlotsReadTogether) * KeySlot.Bytes;
            _a.Read(first, a.AsSpan(0, bytes));
            _b.Read(first, b.AsSpan(0, bytes));
            for (int at = 0; at < bytes; at += KeySlot.Bytes)
            {
                damaged += VisitOne(first + (at / KeySlot.Bytes), a.AsSpan(at, KeySlot.Bytes), b.AsSpan(at, KeySlot.Bytes), visit);
            }
        }

        return damaged;
    }

    /// <summary>A comparison of both copies, to be made while nobody writes.</summary>
    public SlotFilesCheck BeginCheck() => new(_a, _b);

    /// <summary>Returns when the batch is on stable storage in both copies.</summary>
    /// <exception cref="IOException">It may be in none, one or both: write nothing more.</exception>
    public void Write(SlotBatch batch)
    {
        if (batch.IsEmpty) return;
        WriteCopy(_a, batch);
        WriteCopy(_b, batch);
        Count = batch.Count ?? Count;
    }

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
    }

    private bool TryReadEither(int number, Span<byte> slot, out KeySlot read)
    {
        _a.Read(number, slot);
        if (KeySlot.TryRead(slot, number, out read)) return true;
        _b.Read(number, slot);
        return KeySlot.TryRead(slot, number, out read);
    }

    private int VisitOne(int number, Span<byte> a, Span<byte> b, SlotVisitor visit)
    {
        bool isWholeInA = KeySlot.TryRead(a, number, out KeySlot inA);
        bool isWholeInB = KeySlot.TryRead(b, number, out KeySlot inB);
        bool wasGrowing = !isWholeInB && _b.Count is int count && number >= count;
        if (isWholeInA) visit(number, inA, a);
        else if (isWholeInB) visit(number, inB, b);
        else visit(number, wasGrowing ? KeySlot.Free : KeySlot.Lost, a);
        return (isWholeInA ? 0 : 1) + (isWholeInB ? 0 : 1);
    }

    private void WriteCopy(SlotFile copy, SlotBatch batch)
    {
        lock (_writing)
        {
            foreach ((int first, byte[] slots) in Runs(batch)) copy.Write(first, slots);
            if (batch.Count is int count) copy.WriteCount(count);
        }

        copy.Sync();
    }

    /// <summary>Slots that stand side by side are written at once.</summary>
    private static IEnumerable<KeyValuePair<int, byte[]>> Runs(SlotBatch batch)
    {
        int first = 0;
        var run = new List<byte[]>();
        foreach ((int number, byte[] slot) in batch.Slots)
        {
            if (run.Count > 0 && number != first + run.Count)
            {
                yield return KeyValuePair.Create(first, run.SelectMany(s => s).ToArray());
                run.Clear();
            }

            if (run.Count == 0) first = number;
            run.Add(slot);
        }

        if (run.Count > 0) yield return KeyValuePair.Create(first, run.SelectMany(s => s).ToArray());
    }
}

/// <summary>Receives one slot; the bytes are the visitor's only during the call, and are the slot unless it is lost or free.</summary>
internal delegate void SlotVisitor(int number, KeySlot content, Span<byte> slot);
