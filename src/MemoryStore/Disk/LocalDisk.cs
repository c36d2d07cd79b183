using Microsoft.Win32.SafeHandles;

namespace LatentDb.MemoryStore.Disk;

/// <summary>The file system of this machine.</summary>
internal sealed class LocalDisk : IDisk
{
    public static LocalDisk Instance { get; } = new();

    public IDiskFile Open(string path, DiskAccess access) => access switch
    {
        DiskAccess.Read => new LocalFile(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)),
        DiskAccess.Write => new LocalFile(File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete)),
        DiskAccess.CreateNew => new LocalFile(File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete)),
        DiskAccess.Create => new LocalFile(File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete)),
        _ => throw new ArgumentOutOfRangeException(nameof(access), access, "Unknown access."),
    };

    public bool FileExists(string path) => File.Exists(path);

    public bool FolderExists(string path) => Directory.Exists(path);

    public long LengthOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : -1;
    }

    public IReadOnlyList<string> Files(string folder) => [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)];

    public IReadOnlyList<string> Folders(string folder) => [.. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)];

    public void CreateFolder(string path) => Directory.CreateDirectory(path);

    public void Move(string from, string to) => File.Move(from, to, overwrite: true);

    public void DeleteFile(string path) => File.Delete(path);

    public void DeleteFolder(string path) => Directory.Delete(path, recursive: true);

    public void SyncFolder(string path) => DurableFile.SyncFolder(path);

    public void Reserve(string path, long bytes)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.Read);
        DurableFile.Allocate(file, bytes);
        DurableFile.Sync(file);
    }

    public long FreeBytes(string path) => new DriveInfo(Path.GetFullPath(path)).AvailableFreeSpace;

    private sealed class LocalFile(SafeFileHandle handle) : IDiskFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> target, long offset)
        {
            int read = 0;
            while (read < target.Length)
            {
                int count = RandomAccess.Read(handle, target[read..], offset + read);
                if (count == 0) break;
                read += count;
            }

            return read;
        }

        public async ValueTask<int> ReadAsync(Memory<byte> target, long offset, CancellationToken cancellationToken)
        {
            int read = 0;
            while (read < target.Length)
            {
                int count = await RandomAccess.ReadAsync(handle, target[read..], offset + read, cancellationToken).ConfigureAwait(false);
                if (count == 0) break;
                read += count;
            }

            return read;
        }

        public void Write(ReadOnlySpan<byte> source, long offset) => RandomAccess.Write(handle, source, offset);

        public void Sync() => DurableFile.Sync(handle);

        public void Dispose() => handle.Dispose();
    }
}
