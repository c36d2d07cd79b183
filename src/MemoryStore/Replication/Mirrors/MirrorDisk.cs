using LatentDb.MemoryStore.Disk;

namespace LatentDb.MemoryStore.Replication.Mirrors;

/// <summary>
/// The disk of a shard that has followers: makes each change here, and then puts it into the queue, both under one lock, so that the queue has the order in
/// which things happened. A sync is put there first: followers may sync while this disk does, and what they sync more harms nobody.
/// </summary>
/// <param name="disk">Where the shard lies.</param>
/// <param name="root">Its folder.</param>
/// <param name="queue">What the followers read.</param>
internal sealed class MirrorDisk(IDisk disk, string root, ChangeQueue queue) : IDisk
{
    private readonly Dictionary<string, List<MirrorFile>> _open = new(StringComparer.Ordinal);
    private readonly List<IChangeWatcher> _watchers = [];

    /// <summary>Held while something changes; whoever holds it sees the folder as it is at one number of the queue.</summary>
    public Lock Order { get; } = new();

    /// <summary>The disk itself.</summary>
    public IDisk Inner => disk;

    public string Root => root;

    public ChangeQueue Queue => queue;

    /// <summary>Tells of every change until it is taken away; call both with <see cref="Order"/> held.</summary>
    public void Watch(IChangeWatcher watcher) => _watchers.Add(watcher);

    public void Unwatch(IChangeWatcher watcher) => _watchers.Remove(watcher);

    public IDiskFile Open(string path, DiskAccess access)
    {
        if (access == DiskAccess.Read) return disk.Open(path, access);
        lock (Order)
        {
            IDiskFile file = disk.Open(path, access);
            if (access != DiskAccess.Write) Tell(new FolderChange(access == DiskAccess.CreatePrivate ? ChangeKind.CreatePrivate : ChangeKind.Create, NameOf(path)));
            var mirrored = new MirrorFile(this, file, path);
            FilesOf(path).Add(mirrored);
            return mirrored;
        }
    }

    public bool FileExists(string path) => disk.FileExists(path);

    public bool FolderExists(string path) => disk.FolderExists(path);

    public long LengthOf(string path) => disk.LengthOf(path);

    public IReadOnlyList<string> Files(string folder) => disk.Files(folder);

    public IReadOnlyList<string> Folders(string folder) => disk.Folders(folder);

    public void CreateFolder(string path)
    {
        lock (Order)
        {
            if (disk.FolderExists(path)) return;
            disk.CreateFolder(path);
            Tell(new FolderChange(ChangeKind.Folder, NameOf(path)));
        }
    }

    public void Move(string from, string to)
    {
        lock (Order)
        {
            disk.Move(from, to);
            Renamed(from, to);
        }
    }

    public bool TryPublish(string temporary, string path)
    {
        lock (Order)
        {
            if (!disk.TryPublish(temporary, path)) return false;
            Renamed(temporary, path);
            return true;
        }
    }

    public void DeleteFile(string path)
    {
        lock (Order)
        {
            disk.DeleteFile(path);
            Abandon(path);
            Tell(new FolderChange(ChangeKind.Delete, NameOf(path)));
        }
    }

    public void DeleteFolder(string path)
    {
        lock (Order)
        {
            disk.DeleteFolder(path);
            foreach (string inside in _open.Keys.Where(file => file.StartsWith(path + Path.DirectorySeparatorChar, StringComparison.Ordinal)).ToList()) Abandon(inside);
            Tell(new FolderChange(ChangeKind.DeleteFolder, NameOf(path)));
        }
    }

    public void SyncFolder(string path)
    {
        // Above the shard's folder there is nothing of it.
        if (IsInside(path)) Announce(new FolderChange(ChangeKind.SyncFolder, NameOf(path)));
        disk.SyncFolder(path);
    }

    public void Reserve(string path, long bytes) => throw new NotSupportedException("Nothing is reserved inside a shard's folder.");

    public long FreeBytes(string path) => disk.FreeBytes(path);

    /// <summary>The name that followers know it by.</summary>
    public string NameOf(string path) => Path.GetRelativePath(root, path) is var name && name == "." ? string.Empty : name;

    private bool IsInside(string path) => path.Length == root.Length ? path == root : path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private void Announce(FolderChange change)
    {
        lock (Order) Tell(change);
    }

    private void Tell(FolderChange change)
    {
        foreach (IChangeWatcher watcher in _watchers) watcher.Changed(change);
        queue.Add(change);
    }

    private void Renamed(string from, string to)
    {
        Abandon(to);
        if (_open.Remove(from, out List<MirrorFile>? moved))
        {
            foreach (MirrorFile file in moved) file.Path = to;
            _open.Add(to, moved);
        }

        Tell(new FolderChange(ChangeKind.Move, NameOf(from), NameOf(to)));
    }

    /// <summary>Files that have lost their name: what is still written to them is seen by nobody.</summary>
    private void Abandon(string path)
    {
        if (!_open.Remove(path, out List<MirrorFile>? files)) return;
        foreach (MirrorFile file in files) file.Path = null;
    }

    private List<MirrorFile> FilesOf(string path)
    {
        if (!_open.TryGetValue(path, out List<MirrorFile>? files)) _open.Add(path, files = []);
        return files;
    }

    private void Forget(MirrorFile file)
    {
        lock (Order)
        {
            if (file.Path is not string path || !_open.TryGetValue(path, out List<MirrorFile>? files)) return;
            files.Remove(file);
            if (files.Count == 0) _open.Remove(path);
        }
    }

    /// <summary>A file that is open for writing. Its path is changed and read with the order held.</summary>
    private sealed class MirrorFile(MirrorDisk mirror, IDiskFile file, string path) : IDiskFile
    {
        public string? Path { get; set; } = path;

        public long Length => file.Length;

        public int Read(Span<byte> target, long offset) => file.Read(target, offset);

        public ValueTask<int> ReadAsync(Memory<byte> target, long offset, CancellationToken cancellationToken) => file.ReadAsync(target, offset, cancellationToken);

        public void WillRead(long offset, long bytes) => file.WillRead(offset, bytes);

        public void Write(ReadOnlySpan<byte> source, long offset)
        {
            byte[] copy = source.ToArray();
            lock (mirror.Order)
            {
                file.Write(source, offset);
                if (Path is not null) mirror.Tell(new FolderChange(ChangeKind.Write, mirror.NameOf(Path), Offset: offset, Bytes: copy));
            }
        }

        public void Sync()
        {
            lock (mirror.Order)
            {
                if (Path is not null) mirror.Tell(new FolderChange(ChangeKind.Sync, mirror.NameOf(Path)));
            }

            file.Sync();
        }

        public void Dispose()
        {
            mirror.Forget(this);
            file.Dispose();
        }
    }
}

/// <summary>Sees each change of a mirrored folder in its place, with the order held.</summary>
internal interface IChangeWatcher
{
    void Changed(FolderChange change);
}
