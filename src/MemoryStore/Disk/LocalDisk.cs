using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LatentDb.MemoryStore.Disk;

/// <summary>The file system of this machine.</summary>
public sealed partial class LocalDisk : IDisk
{
    private LocalDisk()
    {
    }

    /// <summary>The one there is.</summary>
    public static LocalDisk Instance { get; } = new();

    /// <inheritdoc/>
    public IDiskFile Open(string path, DiskAccess access) => access switch
    {
        DiskAccess.Read => new LocalFile(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)),
        DiskAccess.Write => new LocalFile(File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete)),
        DiskAccess.CreateNew => new LocalFile(File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete)),
        DiskAccess.Create => new LocalFile(File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete)),
        DiskAccess.CreatePrivate => CreatePrivate(path),
        _ => throw new ArgumentOutOfRangeException(nameof(access), access, "Unknown access."),
    };

    /// <inheritdoc/>
    public bool FileExists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public bool FolderExists(string path) => Directory.Exists(path);

    /// <inheritdoc/>
    public long LengthOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : -1;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Files(string folder) => [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public IReadOnlyList<string> Folders(string folder) => [.. Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public void CreateFolder(string path) => Directory.CreateDirectory(path);

    /// <inheritdoc/>
    public void Move(string from, string to) => File.Move(from, to, overwrite: true);

    /// <inheritdoc/>
    public bool TryPublish(string temporary, string path) => DurableFile.TryPublish(temporary, path);

    /// <inheritdoc/>
    public void DeleteFile(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void DeleteFolder(string path) => Directory.Delete(path, recursive: true);

    /// <inheritdoc/>
    public void SyncFolder(string path) => DurableFile.SyncFolder(path);

    /// <inheritdoc/>
    public void Reserve(string path, long bytes)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.Read);
        DurableFile.Allocate(file, bytes);
        DurableFile.Sync(file);
    }

    /// <inheritdoc/>
    public long FreeBytes(string path) => new DriveInfo(Path.GetFullPath(path)).AvailableFreeSpace;

    /// <summary>The mode is set while the file is still empty, so that nobody else ever sees a byte of it.</summary>
    private static LocalFile CreatePrivate(string path)
    {
        SafeFileHandle handle = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new LocalFile(handle);
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    private sealed class LocalFile(SafeFileHandle handle) : IDiskFile
    {
        private const int WillNeed = 3; // POSIX_FADV_WILLNEED
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

        public void WillRead(long offset, long bytes)
        {
            if (OperatingSystem.IsLinux()) _ = Advise(handle, offset, bytes, WillNeed);
        }

        public void Write(ReadOnlySpan<byte> source, long offset) => RandomAccess.Write(handle, source, offset);

        public void Sync() => DurableFile.Sync(handle);

        public void Dispose() => handle.Dispose();
    }
}
