namespace LatentDb.MemoryStore.Disk;

/// <summary>Small files as a whole, on any disk.</summary>
internal static class DiskFiles
{
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

    /// <summary>Makes a folder and those above it, durable with their names.</summary>
    public static void CreateDurableFolder(this IDisk disk, string path)
    {
        string full = Path.GetFullPath(path);
        string? above = Path.GetDirectoryName(full);
        if (above is not null && !disk.FolderExists(above)) disk.CreateDurableFolder(above);
        disk.CreateFolder(full);
        if (above is not null) disk.SyncFolder(above);
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
