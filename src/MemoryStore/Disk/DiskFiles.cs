namespace LatentDb.MemoryStore.Disk;

/// <summary>Small files as a whole, on any disk.</summary>
public static class DiskFiles
{
    private const int AccessDeniedErrno = 13; // EACCES

    /// <summary>Replaces a small file: after a power cut its content is the old one or the new one.</summary>
    /// <param name="disk">Where.</param>
    /// <param name="path">The file; need not exist.</param>
    /// <param name="content">All of its new content.</param>
    /// <param name="access">Create, or CreatePrivate.</param>
    /// <exception cref="IOException">HResult is the errno; the content is the old one or the new one.</exception>
    public static void Replace(this IDisk disk, string path, ReadOnlySpan<byte> content, DiskAccess access = DiskAccess.Create)
    {
        ArgumentNullException.ThrowIfNull(disk);
        string temporary = path + ".tmp";
        using (IDiskFile file = disk.Open(temporary, access))
        {
            file.Write(content, 0);
            file.Sync();
        }

        disk.Move(temporary, path);
        disk.SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Creates a file with that content, durable with its name.</summary>
    public static void Create(this IDisk disk, string path, ReadOnlySpan<byte> content)
    {
        ArgumentNullException.ThrowIfNull(disk);
        using IDiskFile file = disk.Open(path, DiskAccess.CreateNew);
        file.Write(content, 0);
        file.Sync();
        disk.SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes a folder, durable with its name.</summary>
    public static void CreateDurableFolder(this IDisk disk, string path)
    {
        ArgumentNullException.ThrowIfNull(disk);
        disk.CreateFolder(path);
        disk.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>
    /// Makes a folder and those above it, durable with their names. Those that are there are synced as well: whoever made them may have been killed
    /// before he did.
    /// </summary>
    public static void CreateDurablePath(this IDisk disk, string path)
    {
        ArgumentNullException.ThrowIfNull(disk);
        disk.CreateFolder(path);
        for (string? above = Path.GetDirectoryName(Path.GetFullPath(path)); above is not null; above = Path.GetDirectoryName(above))
        {
            try
            {
                disk.SyncFolder(above);
            }
            catch (IOException e) when (e.HResult == AccessDeniedErrno)
            {
                // Not ours to read, so not ours to have made.
                return;
            }
        }
    }

    /// <summary>The whole content of a small file.</summary>
    public static byte[] ReadAll(this IDisk disk, string path)
    {
        ArgumentNullException.ThrowIfNull(disk);
        using IDiskFile file = disk.Open(path, DiskAccess.Read);
        byte[] content = new byte[file.Length];
        int read = file.Read(content, 0);
        return read == content.Length ? content : content[..read];
    }
}
