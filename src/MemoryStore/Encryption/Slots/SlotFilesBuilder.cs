using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Encryption.Slots;

/// <summary>Writes a new pair of key files from front to back. Nobody reads them before <see cref="Finish"/> has returned.</summary>
internal sealed class SlotFilesBuilder : IDisposable
{
    private const int SlotsWrittenTogether = 8192;

    private readonly IDiskFile _a;
    private readonly IDiskFile _b;
    private readonly byte[] _buffer = new byte[SlotsWrittenTogether * KeySlot.Bytes];
    private int _buffered;
    private int _written;

    public SlotFilesBuilder(IDisk disk, string folder)
    {
        _a = disk.Open(SlotFiles.PathA(folder), DiskAccess.Create);
        _b = disk.Open(SlotFiles.PathB(folder), DiskAccess.Create);
    }

    private int Count => _written + _buffered;

    /// <summary>Adds a slot, under the next number.</summary>
    public void Add(ReadOnlySpan<byte> slot)
    {
        if (Count == EncryptionLimits.MaxSlots) throw new LatentDbException(ErrorCode.StoreFull, $"The shard has {EncryptionLimits.MaxSlots} keys and takes no more.");
        Span<byte> target = _buffer.AsSpan(_buffered * KeySlot.Bytes, KeySlot.Bytes);
        slot.CopyTo(target);
        KeySlot.Finish(target, Count);
        _buffered++;
        if (_buffered == SlotsWrittenTogether) Flush();
    }

    /// <summary>Fills up with free slots; returns when both files are on stable storage. Their names are the caller's to sync.</summary>
    public void Finish()
    {
        byte[] free = KeySlot.Free.ToBytes(0);
        int count = Math.Min(SlotGrowth.After(Count), EncryptionLimits.MaxSlots);
        while (Count < count) Add(free);
        Flush();
        byte[] header = SlotFile.Header(count);
        foreach (IDiskFile file in new[] { _a, _b })
        {
            file.Write(header, 0);
            file.Sync();
        }
    }

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
    }

    private void Flush()
    {
        ReadOnlySpan<byte> slots = _buffer.AsSpan(0, _buffered * KeySlot.Bytes);
        _a.Write(slots, SlotFile.OffsetOf(_written));
        _b.Write(slots, SlotFile.OffsetOf(_written));
        _written += _buffered;
        _buffered = 0;
    }
}

/// <summary>By how much the files grow.</summary>
internal static class SlotGrowth
{
    /// <summary>Slots after the next growth: an eighth more, in whole pages.</summary>
    public static int After(int count)
    {
        int more = Math.Clamp(count / 8, EncryptionLimits.MinSlotsGrown, EncryptionLimits.MaxSlotsGrown);
        return (count + more + EncryptionLimits.MinSlotsGrown - 1) / EncryptionLimits.MinSlotsGrown * EncryptionLimits.MinSlotsGrown;
    }
}
