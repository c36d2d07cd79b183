using LatentDb.MemoryStore.Disk;

namespace LatentDb.MemoryStore.Tests.Encryption;

/// <summary>A disk in RAM that knows what was synced, loses power at a chosen operation, and lets the test decide about each sector that was not synced.</summary>
internal sealed class TornDisk : IDisk
{
    public const int SectorBytes = 512;
    private const int EioErrno = 5;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Content> _files = new(StringComparer.Ordinal);

    /// <summary>Writes, syncs and moves before the power goes.</summary>
    public int OperationsLeft { get; set; } = int.MaxValue;

    public int Operations { get; private set; }

    public int Syncs { get; private set; }

    /// <summary>The files as they are, with what was not synced.</summary>
    public byte[] this[string path]
    {
        get => _files[path].Now;
        set => _files[path] = new Content { Now = value, Synced = [.. value] };
    }

    public IEnumerable<string> Paths => _files.Keys;

    public TornDisk Clone()
    {
        var clone = new TornDisk();
        foreach ((string path, Content file) in _files) clone._files[path] = new Content { Now = [.. file.Now], Synced = [.. file.Synced] };
        return clone;
    }

    /// <summary>The sectors that differ from what is durable.</summary>
    public IReadOnlyList<(string Path, int Sector)> UnsyncedSectors() =>
    [
        .. _files.SelectMany(f => Enumerable.Range(0, (f.Value.Now.Length + SectorBytes - 1) / SectorBytes)
            .Where(s => !Sector(f.Value.Now, s).SequenceEqual(Sector(f.Value.Synced, s)))
            .Select(s => (f.Key, s))),
    ];

    /// <summary>The disk after a power cut.</summary>
    public TornDisk AfterPowerCut(Func<string, int, SectorFate> fate)
    {
        TornDisk after = Clone();
        foreach ((string path, int sector) in UnsyncedSectors())
        {
            Content file = after._files[path];
            byte[] from = fate(path, sector) switch
            {
                SectorFate.Written => Sector(_files[path].Now, sector),
                SectorFate.Garbage => [.. Enumerable.Repeat((byte)0xA5, SectorBytes)],
                _ => Sector(_files[path].Synced, sector),
            };
            file.Synced = Put(file.Synced, from, (long)sector * SectorBytes);
        }

        foreach (Content file in after._files.Values) file.Now = [.. file.Synced];
        return after;
    }

    public IDiskFile Open(string path, DiskAccess access)
    {
        lock (_lock)
        {
            bool exists = _files.ContainsKey(path);
            if (access is DiskAccess.Read or DiskAccess.Write && !exists) throw new FileNotFoundException(path);
            if (access == DiskAccess.CreateNew && exists) throw new IOException("It exists.", 17);
            if (access is DiskAccess.CreateNew or DiskAccess.Create) _files[path] = new Content();
            return new OpenFile(this, _files[path]);
        }
    }

    public bool FileExists(string path) => _files.ContainsKey(path);

    public bool FolderExists(string path) => true;

    public long LengthOf(string path) => _files.TryGetValue(path, out Content? file) ? file.Now.Length : -1;

    public IReadOnlyList<string> Files(string folder) => [.. _files.Keys.Where(p => Path.GetDirectoryName(p) == folder)];

    public IReadOnlyList<string> Folders(string folder) => [];

    public void CreateFolder(string path)
    {
    }

    public bool TryPublish(string temporary, string path)
    {
        if (FileExists(path)) return false;
        Move(temporary, path);
        return true;
    }

    public void Move(string from, string to)
    {
        lock (_lock)
        {
            Count();
            _files[to] = _files[from];
            _files.Remove(from);
        }
    }

    public void DeleteFile(string path) => _files.Remove(path);

    public void DeleteFolder(string path) => throw new NotSupportedException();

    public void SyncFolder(string path)
    {
    }

    public void Reserve(string path, long bytes) => throw new NotSupportedException();

    public long FreeBytes(string path) => long.MaxValue;

    private static byte[] Sector(byte[] content, int sector)
    {
        byte[] bytes = new byte[SectorBytes];
        int at = sector * SectorBytes;
        if (at < content.Length) content.AsSpan(at, Math.Min(SectorBytes, content.Length - at)).CopyTo(bytes);
        return bytes;
    }

    private static byte[] Put(byte[] content, ReadOnlySpan<byte> source, long offset)
    {
        if (content.Length < offset + source.Length) Array.Resize(ref content, (int)offset + source.Length);
        source.CopyTo(content.AsSpan((int)offset));
        return content;
    }

    private void Count()
    {
        if (OperationsLeft-- <= 0) throw new IOException("The power is gone.", EioErrno);
        Operations++;
    }

    private sealed class Content
    {
        public byte[] Now { get; set; } = [];

        public byte[] Synced { get; set; } = [];
    }

    private sealed class OpenFile(TornDisk disk, Content file) : IDiskFile
    {
        public long Length => file.Now.Length;

        public int Read(Span<byte> target, long offset)
        {
            lock (disk._lock)
            {
                int count = (int)Math.Clamp(file.Now.Length - offset, 0, target.Length);
                file.Now.AsSpan((int)Math.Min(offset, file.Now.Length), count).CopyTo(target);
                return count;
            }
        }

        public ValueTask<int> ReadAsync(Memory<byte> target, long offset, CancellationToken cancellationToken) => ValueTask.FromResult(Read(target.Span, offset));

        public void Write(ReadOnlySpan<byte> source, long offset)
        {
            lock (disk._lock)
            {
                disk.Count();
                file.Now = Put(file.Now, source, offset);
            }
        }

        public void Sync()
        {
            lock (disk._lock)
            {
                disk.Count();
                disk.Syncs++;
                file.Synced = [.. file.Now];
            }
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>What a power cut does to a sector that was written and not synced.</summary>
internal enum SectorFate
{
    Lost,
    Written,
    Garbage,
}
