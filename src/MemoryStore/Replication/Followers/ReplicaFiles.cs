using LatentDb.MemoryStore.Disk;

namespace LatentDb.MemoryStore.Replication.Followers;

/// <summary>The files of a copy, as changes are made to them. Not thread-safe.</summary>
internal sealed class ReplicaFiles(IDisk disk, string root)
{
    private readonly Dictionary<string, IDiskFile> _open = new(StringComparer.Ordinal);

    public void Apply(FolderChange change)
    {
        string path = PathOf(change.Path);
        switch (change.Kind)
        {
            case ChangeKind.Folder:
                disk.CreateFolder(path);
                break;
            case ChangeKind.Create:
                Keep(path, disk.Open(path, DiskAccess.Create));
                break;
            case ChangeKind.CreatePrivate:
                Keep(path, disk.Open(path, DiskAccess.CreatePrivate));
                break;
            case ChangeKind.Write:
                Open(path).Write(change.Bytes.Span, change.Offset);
                break;
            case ChangeKind.Sync:
                Open(path).Sync();
                break;
            case ChangeKind.Move:
                Close(path);
                Close(PathOf(change.Target));
                disk.Move(path, PathOf(change.Target));
                break;
            case ChangeKind.Delete:
                Close(path);
                disk.DeleteFile(path);
                break;
            case ChangeKind.DeleteFolder:
                Close();
                if (disk.FolderExists(path)) disk.DeleteFolder(path);
                break;
            case ChangeKind.SyncFolder:
                disk.SyncFolder(path);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(change), change.Kind, "Unknown change.");
        }
    }

    /// <summary>Makes the names those of the listing: what it has not is removed, what is missing is made empty, and so is what is longer.</summary>
    public void Become(FolderListing wanted)
    {
        Close();
        FolderListing found = FolderListing.Of(disk, root, isHashed: false);
        foreach ((string file, ListedFile there) in found.Files.Where(file => !wanted.Files.ContainsKey(file.Key))) Remove(PathOf(file), there.Length);
        foreach (string folder in found.Folders.Reverse().Where(folder => !wanted.Folders.Contains(folder, StringComparer.Ordinal))) disk.DeleteFolder(PathOf(folder));
        foreach (string folder in wanted.Folders.Where(folder => !disk.FolderExists(PathOf(folder)))) disk.CreateFolder(PathOf(folder));
        foreach ((string file, ListedFile listed) in wanted.Files)
        {
            if (found.Files.TryGetValue(file, out ListedFile? there) && there.Length <= listed.Length) continue;
            disk.Open(PathOf(file), DiskAccess.Create).Dispose();
        }
    }

    /// <summary>Everything that is there is durable when this returns.</summary>
    public void SyncAll()
    {
        Close();
        FolderListing all = FolderListing.Of(disk, root, isHashed: false);
        foreach (string name in all.Files.Keys)
        {
            using IDiskFile file = disk.Open(PathOf(name), DiskAccess.Write);
            file.Sync();
        }

        foreach (string folder in all.Folders) disk.SyncFolder(PathOf(folder));
        disk.SyncFolder(root);
        disk.SyncFolder(Path.GetDirectoryName(root)!);
    }

    public void Close()
    {
        foreach (IDiskFile file in _open.Values) file.Dispose();
        _open.Clear();
    }

    /// <summary>Keys are overwritten first, because a memory may have been erased since.</summary>
    private void Remove(string path, long length)
    {
        if (Path.GetFileName(path).StartsWith("keys.", StringComparison.Ordinal))
        {
            using IDiskFile file = disk.Open(path, DiskAccess.Write);
            byte[] zeros = new byte[(int)Math.Min(length, ReplicationLimits.PieceBytes)];
            for (long at = 0; at < length; at += zeros.Length) file.Write(zeros.AsSpan(0, (int)Math.Min(zeros.Length, length - at)), at);
            file.Sync();
        }

        disk.DeleteFile(path);
    }

    private string PathOf(string name) => name.Length == 0 ? root : Path.Combine(root, name);

    private IDiskFile Open(string path)
    {
        if (_open.TryGetValue(path, out IDiskFile? file)) return file;
        file = disk.Open(path, DiskAccess.Write);
        Keep(path, file);
        return file;
    }

    private void Keep(string path, IDiskFile file)
    {
        if (_open.Count >= ReplicationLimits.OpenFiles) Close();
        Close(path);
        _open.Add(path, file);
    }

    private void Close(string path)
    {
        if (_open.Remove(path, out IDiskFile? file)) file.Dispose();
    }
}
