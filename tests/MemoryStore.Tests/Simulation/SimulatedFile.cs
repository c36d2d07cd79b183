namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>The bytes of one file: those that a reader sees, those that are on the platter, and every sector version in between.</summary>
internal sealed class SimulatedFile
{
    public const int SectorBytes = 512;

    private readonly Dictionary<int, List<byte[]>?> _unsynced = [];
    private readonly List<int> _unsyncedLengths = [];
    private byte[] _live;
    private byte[] _durable;
    private int _length;
    private int _durableLength;

    public SimulatedFile()
        : this([], 0)
    {
    }

    private SimulatedFile(byte[] content, int length)
    {
        _durable = content;
        _live = [.. content];
        _length = _durableLength = length;
    }

    public int Length => _length;

    public int Read(Span<byte> target, long offset)
    {
        int count = (int)Math.Clamp(_length - offset, 0, target.Length);
        if (count > 0) _live.AsSpan((int)offset, count).CopyTo(target);
        return count;
    }

    public void Write(ReadOnlySpan<byte> source, long offset)
    {
        if (source.Length == 0) return;
        int start = (int)offset;
        int end = checked(start + source.Length);
        Grow(ref _live, end);
        for (int sector = start / SectorBytes; sector <= (end - 1) / SectorBytes; sector++) KeepVersion(sector);
        source.CopyTo(_live.AsSpan(start));
        if (end <= _length) return;
        _length = end;
        _unsyncedLengths.Add(end);
    }

    public void Truncate()
    {
        _live.AsSpan(0, _length).Clear();
        for (int sector = 0; sector * SectorBytes < _length; sector++) KeepVersion(sector);
        _length = 0;
        _unsyncedLengths.Add(0);
    }

    public void Sync()
    {
        Grow(ref _durable, _live.Length);
        foreach (int sector in _unsynced.Keys) Sector(_live, sector).CopyTo(Sector(_durable, sector));
        _unsynced.Clear();
        _unsyncedLengths.Clear();
        _durableLength = _length;
    }

    /// <summary>
    /// A sync that fails, as Linux does it: readers go on seeing what was written, but it counts as clean from now on, and no later sync brings it to the platter.
    /// </summary>
    public void FailSync()
    {
        _unsynced.Clear();
        _unsyncedLengths.Clear();
    }

    /// <summary>What is left of it: of each sector that was not synced one of its versions, some of them torn, and one of its lengths.</summary>
    public SimulatedFile AfterPowerCut(Random random, double kept)
    {
        byte[] content = [.. _durable];
        Grow(ref content, _live.Length);
        foreach ((int sector, List<byte[]>? older) in _unsynced)
        {
            if (random.NextDouble() >= kept) continue;
            ReadOnlySpan<byte> version = older is not null && random.Next(3) == 0 ? older[random.Next(older.Count)] : Sector(_live, sector);
            int bytes = random.Next(8) == 0 ? random.Next(SectorBytes) : SectorBytes;
            version[..bytes].CopyTo(Sector(content, sector));
        }

        int length = _durableLength;
        if (_unsyncedLengths.Count > 0 && random.NextDouble() < kept) length = _unsyncedLengths[^Math.Min(_unsyncedLengths.Count, 1 + random.Next(3))];
        content.AsSpan(length).Clear();
        return new SimulatedFile(content, length);
    }

    /// <summary>What a cautious copy of the disk would hold: everything that was written.</summary>
    public SimulatedFile AfterOrderlyStop() => new([.. _live], _length);

    /// <summary>Damages a byte, on the platter as well as for readers.</summary>
    public void Rot(long offset, byte mask)
    {
        _live[offset] ^= mask;
        if (offset < _durable.Length) _durable[offset] ^= mask;
    }

    private void KeepVersion(int sector)
    {
        if (!_unsynced.TryGetValue(sector, out List<byte[]>? older)) _unsynced.Add(sector, null);
        else if (older is null) _unsynced[sector] = [Sector(_live, sector).ToArray()];
        else older.Add(Sector(_live, sector).ToArray());
    }

    private static Span<byte> Sector(byte[] content, int sector) => content.AsSpan(sector * SectorBytes, SectorBytes);

    private static void Grow(ref byte[] content, int bytes)
    {
        if (content.Length >= bytes) return;
        int sectors = (Math.Max(bytes, Math.Min(content.Length * 2, bytes + (1 << 20))) + SectorBytes - 1) / SectorBytes;
        Array.Resize(ref content, sectors * SectorBytes);
    }
}
