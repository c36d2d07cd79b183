namespace LatentDb.MemoryStore.Disk;

/// <summary>Small files as a whole, on any disk.</summary>
internal static class DiskFiles
{
    private const int AccessDeniedErrno = 13; // EACCES

    /// <summary>Replaces a small file: after a power cut its content is the old one or the new one.</summary>
    public static void Replace(this IDisk disk, string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".tmp";
        using (IDiskFile file = disk.Open(temporary, DiskAccess.Create))
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
        using IDiskFile file = disk.Open(path, DiskAccess.CreateNew);
        file.Write(content, 0);
        file.Sync();
        disk.SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes a folder, durable with its name.</summary>
    public static void CreateDurableFolder(this IDisk disk, string path)
    {
        disk.CreateFolder(path);
        disk.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>
    /// Makes a folder and those above it, durable with their names. Those that are there are synced as well: whoever made them may have been killed
    /// before he did.
    /// </summary>
    public static void CreateDurablePath(this IDisk disk, string path)
    {
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
        using IDiskFile file = disk.Open(path, DiskAccess.Read);
        byte[] content = new byte[file.Length];
        int read = file.Read(content, 0);
        return read == content.Length ? content : content[..read];
    }
}
