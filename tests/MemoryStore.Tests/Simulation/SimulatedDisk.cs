using LatentDb.MemoryStore.Disk;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>
/// A disk in memory that keeps only what was synced. The power goes at a chosen change: that change and all unsynced ones before it are then kept,
/// dropped or torn at random, and <see cref="AfterPowerCut"/> is the disk that the next process finds. This one answers nothing but EIO from then on.
/// </summary>
/// <remarks>
/// The model is that of POSIX, which is stricter than any one file system: a synced file has no name until its folder is synced, names reach the
/// platter in any order, and a file that grew without a sync may have any of its lengths. Given the same calls in the same order, one seed gives one outcome.
/// </remarks>
internal sealed class SimulatedDisk : IDisk
{
    private const int MissingErrno = 2; // ENOENT
    private const int ExistsErrno = 17; // EEXIST
    private const int AllocationBytes = 4096;

    private readonly Lock _lock = new();
    private readonly SimulatedFolder _root;
    private readonly TaskCompletionSource _off = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SimulatedDisk()
        : this(new SimulatedFolder())
    {
    }

    private SimulatedDisk(SimulatedFolder root)
    {
        _root = root;
        UsedBytes = Measure(root);
    }

    public DiskFaults Faults { get; } = new();

    /// <summary>Changes so far, failed ones included.</summary>
    public long Changes { get; private set; }

    /// <summary>The change in the middle of which the power goes; null = never.</summary>
    public long? CutAt { get; set; }

    public bool IsOff => Off.IsCompleted;

    /// <summary>Ends when the power goes.</summary>
    public Task Off => _off.Task;

    public long UsedBytes { get; private set; }

    /// <summary>Called for every change with its kind and path, under the disk's lock.</summary>
    public Action<DiskChange, string>? Watch { get; set; }

    /// <summary>Turns the power off and gives the disk as the next process finds it.</summary>
    public SimulatedDisk AfterPowerCut(int seed)
    {
        lock (_lock)
        {
            TurnOff();
            return new SimulatedDisk(_root.AfterPowerCut(new Random(seed)));
        }
    }

    /// <summary>Ends the process and leaves the power on: the next one finds all that was written, and what was not synced still is not.</summary>
    public SimulatedDisk AfterKill()
    {
        lock (_lock)
        {
            TurnOff();
            return new SimulatedDisk(_root);
        }
    }

    /// <summary>A copy with everything that was written: the starting point of many runs.</summary>
    public SimulatedDisk Copy()
    {
        lock (_lock) return new SimulatedDisk(_root.AfterOrderlyStop());
    }

    /// <summary>Damages one byte of a file.</summary>
    public void Rot(string path, long offset, byte mask)
    {
        lock (_lock) Require(path).Rot(offset, mask);
    }

    public IDiskFile Open(string path, DiskAccess access)
    {
        lock (_lock)
        {
            ThrowIfOff();
            (SimulatedFolder folder, string name) = Parent(path);
            SimulatedFile? file = folder.File(name);
            if (access is DiskAccess.Read or DiskAccess.Write) return new Handle(this, path, file ?? throw new FileNotFoundException($"There is no {path}.", path));
            if (access == DiskAccess.CreateNew && (file is not null || folder.Folder(name) is not null)) throw new IOException($"There is a {path}.", ExistsErrno);
            if (file is null)
            {
                file = new SimulatedFile();
                Change(DiskChange.Create, path, () => folder.Add(name, file));
            }
            else
            {
                Change(DiskChange.Write, path, () => Resize(file, file.Truncate));
            }

            return new Handle(this, path, file);
        }
    }

    public bool FileExists(string path)
    {
        lock (_lock) return Seek(path) is (SimulatedFolder folder, string name) && folder.File(name) is not null;
    }

    public bool FolderExists(string path)
    {
        lock (_lock) return FindFolder(path) is not null;
    }

    public long LengthOf(string path)
    {
        lock (_lock) return Seek(path) is (SimulatedFolder folder, string name) && folder.File(name) is SimulatedFile file ? file.Length : -1;
    }

    public IReadOnlyList<string> Files(string folder)
    {
        if (Faults.ListingsFail) throw new IOException("An injected fault at a listing.", Faults.Errno);
        lock (_lock) return [.. RequireFolder(folder).Files.Select(name => Path.Combine(folder, name))];
    }

    public IReadOnlyList<string> Folders(string folder)
    {
        lock (_lock) return [.. RequireFolder(folder).Folders.Select(name => Path.Combine(folder, name))];
    }

    public void CreateFolder(string path)
    {
        lock (_lock)
        {
            ThrowIfOff();
            SimulatedFolder at = _root;
            foreach (string name in Names(path))
            {
                if (at.Folder(name) is null) Change(DiskChange.Create, path, () => at.Add(name, new SimulatedFolder()));
                at = at.Folder(name)!;
            }
        }
    }

    public void Move(string from, string to)
    {
        lock (_lock)
        {
            ThrowIfOff();
            (SimulatedFolder folder, string name) = Parent(from);
            (SimulatedFolder other, string target) = Parent(to);
            if (folder != other) throw new NotSupportedException("The store renames within a folder only.");
            SimulatedFile moved = folder.File(name) ?? throw new FileNotFoundException($"There is no {from}.", from);
            SimulatedFile? replaced = folder.File(target);
            Change(DiskChange.Name, to, () =>
            {
                if (replaced is not null && replaced != moved) UsedBytes -= Allocated(replaced.Length);
                folder.Rename(name, target);
            });
        }
    }

    public bool TryPublish(string temporary, string path)
    {
        lock (_lock)
        {
            ThrowIfOff();
            (SimulatedFolder folder, string name) = Parent(path);
            if (folder.File(name) is not null || folder.Folder(name) is not null) return false;
            Move(temporary, path);
            return true;
        }
    }

    public void DeleteFile(string path)
    {
        lock (_lock)
        {
            ThrowIfOff();
            if (Seek(path) is not (SimulatedFolder folder, string name) || folder.File(name) is not SimulatedFile file) return;
            Change(DiskChange.Name, path, () =>
            {
                UsedBytes -= Allocated(file.Length);
                folder.Remove(name);
            });
        }
    }

    public void DeleteFolder(string path)
    {
        lock (_lock)
        {
            ThrowIfOff();
            SimulatedFolder deleted = RequireFolder(path);
            (SimulatedFolder folder, string name) = Parent(path);
            Change(DiskChange.Name, path, () =>
            {
                UsedBytes -= Measure(deleted);
                folder.Remove(name);
            });
        }
    }

    public void SyncFolder(string path)
    {
        lock (_lock)
        {
            ThrowIfOff();
            SimulatedFolder folder = RequireFolder(path);
            if (Faults.FolderSyncsLie) return;
            Change(DiskChange.SyncFolder, path, folder.Sync);
        }
    }

    public void Reserve(string path, long bytes)
    {
        using IDiskFile file = Open(path, DiskAccess.Create);
        file.Write(new byte[bytes], 0);
        file.Sync();
    }

    public long FreeBytes(string path)
    {
        lock (_lock) return Math.Max(0, Faults.Capacity - UsedBytes);
    }

    private void Write(string path, SimulatedFile file, ReadOnlySpan<byte> source, long offset)
    {
        byte[] copy = source.ToArray();
        lock (_lock)
        {
            ThrowIfOff();
            long room = Allocated(file.Length) + Faults.Capacity - UsedBytes;
            if (Allocated(offset + copy.Length) > room)
            {
                Change(DiskChange.Write, path, () => Resize(file, () => file.Write(copy.AsSpan(0, (int)Math.Clamp(room - offset, 0, copy.Length)), offset)));
                throw new IOException("The simulated disk is full.", DiskFaults.NoSpaceErrno);
            }

            Action? shortened = Faults.WritesShort ? () => Resize(file, () => file.Write(copy.AsSpan(0, copy.Length / 2), offset)) : null;
            Change(DiskChange.Write, path, () => Resize(file, () => file.Write(copy, offset)), shortened);
        }
    }

    private void Sync(string path, SimulatedFile file)
    {
        if (Faults.HangingFiles?.Invoke(path) == true)
        {
            Faults.Hung.TrySetResult();
            Faults.Hang.Wait();
        }

        lock (_lock)
        {
            ThrowIfOff();
            Change(DiskChange.Sync, path, Faults.SyncsLie ? () => { } : file.Sync, file.FailSync);
        }
    }

    private void Change(DiskChange kind, string path, Action effect, Action? effectOfFailure = null)
    {
        Watch?.Invoke(kind, path);
        bool isCut = Changes++ == CutAt;
        if (Faults.IsNextFailing(kind))
        {
            effectOfFailure?.Invoke();
            throw new IOException($"An injected fault at {kind} of {Path.GetFileName(path)}.", Faults.Errno);
        }

        // A sync in whose middle the power goes has synced any part of it: that is decided by AfterPowerCut.
        if (!isCut || kind is not (DiskChange.Sync or DiskChange.SyncFolder)) effect();
        if (!isCut) return;
        TurnOff();
        ThrowIfOff();
    }

    private void TurnOff()
    {
        _off.TrySetResult();
        Faults.Hang.Set();
    }

    private void Resize(SimulatedFile file, Action change)
    {
        long before = Allocated(file.Length);
        change();
        UsedBytes += Allocated(file.Length) - before;
    }

    private void ThrowIfOff()
    {
        if (IsOff) throw new IOException("The power is off.", DiskFaults.IoErrno);
    }

    private SimulatedFile Require(string path)
    {
        (SimulatedFolder folder, string name) = Parent(path);
        return folder.File(name) ?? throw new FileNotFoundException($"There is no {path}.", path);
    }

    private SimulatedFolder RequireFolder(string path)
    {
        ThrowIfOff();
        return FindFolder(path) ?? throw new IOException($"There is no folder {path}.", MissingErrno);
    }

    private (SimulatedFolder Folder, string Name) Parent(string path) =>
        Seek(path) ?? throw new DirectoryNotFoundException($"There is no folder for {path}.");

    private (SimulatedFolder Folder, string Name)? Seek(string path)
    {
        ThrowIfOff();
        SimulatedFolder? folder = FindFolder(Path.GetDirectoryName(path)!);
        return folder is null ? null : (folder, Path.GetFileName(path));
    }

    private SimulatedFolder? FindFolder(string path)
    {
        SimulatedFolder? at = _root;
        foreach (string name in Names(path)) at = at?.Folder(name);
        return at;
    }

    private static string[] Names(string path) => Path.GetFullPath(path).Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);

    private static long Allocated(long length) => (length + AllocationBytes - 1) / AllocationBytes * AllocationBytes;

    private static long Measure(SimulatedFolder folder) =>
        folder.Files.Sum(name => Allocated(folder.File(name)!.Length)) + folder.Folders.Sum(name => Measure(folder.Folder(name)!));

    private sealed class Handle(SimulatedDisk disk, string path, SimulatedFile file) : IDiskFile
    {
        private volatile bool _isClosed;

        public long Length
        {
            get
            {
                Check();
                lock (disk._lock) return file.Length;
            }
        }

        public int Read(Span<byte> target, long offset)
        {
            Check();
            lock (disk._lock)
            {
                disk.ThrowIfOff();
                return file.Read(target, offset);
            }
        }

        public ValueTask<int> ReadAsync(Memory<byte> target, long offset, CancellationToken cancellationToken) => ValueTask.FromResult(Read(target.Span, offset));

        public void Write(ReadOnlySpan<byte> source, long offset)
        {
            Check();
            disk.Write(path, file, source, offset);
        }

        public void Sync()
        {
            Check();
            disk.Sync(path, file);
        }

        public void Dispose() => _isClosed = true;

        private void Check() => ObjectDisposedException.ThrowIf(_isClosed, this);
    }
}
