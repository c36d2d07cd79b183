using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Errors;
using Microsoft.Win32.SafeHandles;

namespace LatentDb.MemoryStore.Disk;

/// <summary>Makes files and names durable, and tells when that failed.</summary>
/// <remarks>
/// .NET 10.0.12 on Linux returns normally from FlushToDisk and Flush(true) when fsync fails: its native side returns (fsync(fd) &lt; 0), which is 1,
/// and its managed side tests for a negative number. So the calls are our own. A failed sync is never repeated: Linux marks the pages clean after
/// a failure, and the second call reports success for data that is gone.
/// </remarks>
internal static partial class DurableFile
{
    private const int InterruptedErrno = 4; // EINTR
    private const int InvalidErrno = 22; // EINVAL
    private const int MissingCallErrno = 38; // ENOSYS
    private const int UnsupportedErrno = 95; // EOPNOTSUPP
    private const int NoSpaceErrno = 28; // ENOSPC
    private const int QuotaErrno = 122; // EDQUOT
    private const int ExistsErrno = 17; // EEXIST
    private const int NotPermittedErrno = 1; // EPERM: what link answers where there are no hard links
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint NoReplace = 1; // RENAME_NOREPLACE
    private const int OpenDirectoryFlags = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC, with O_RDONLY = 0

    /// <summary>Returns when the file's bytes, and the length needed to read them, are on stable storage.</summary>
    /// <exception cref="IOException">HResult is the errno. The file must not be trusted any more.</exception>
    public static void Sync(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
#pragma warning disable RS0030 // Only the Linux implementation hides failures; on other systems this is the right call.
            RandomAccess.FlushToDisk(file);
#pragma warning restore RS0030
            return;
        }

        bool added = false;
        try
        {
            file.DangerousAddRef(ref added);
            SyncDescriptor((int)file.DangerousGetHandle());
        }
        finally
        {
            if (added) file.DangerousRelease();
        }
    }

    /// <summary>Gives a file blocks of its own up to that length. Where the file system cannot, noise is written: zeros might be stored as nothing.</summary>
    /// <exception cref="IOException">HResult is the errno.</exception>
    public static void Allocate(SafeFileHandle file, long bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            bool added = false;
            try
            {
                file.DangerousAddRef(ref added);
                int errno = AllocateBlocks((int)file.DangerousGetHandle(), 0, bytes);
                if (errno == 0) return;
                if (errno is not (UnsupportedErrno or InvalidErrno or MissingCallErrno)) throw new IOException($"posix_fallocate failed: {Marshal.GetPInvokeErrorMessage(errno)}.", errno);
            }
            finally
            {
                if (added) file.DangerousRelease();
            }
        }

        byte[] noise = new byte[1 << 20];
        for (long at = 0; at < bytes; at += noise.Length)
        {
            System.Security.Cryptography.RandomNumberGenerator.Fill(noise);
            RandomAccess.Write(file, noise.AsSpan(0, (int)Math.Min(noise.Length, bytes - at)), at);
        }
    }

    /// <summary>fdatasync on a raw descriptor; repeated only when a signal interrupted it.</summary>
    /// <exception cref="IOException">HResult is the errno.</exception>
    internal static void SyncDescriptor(int descriptor) => Check(() => DataSync(descriptor), "fdatasync");

    /// <summary>Makes creations, renames and deletions in a folder durable. POSIX does not promise that syncing a file does.</summary>
    public static void SyncFolder(string path)
    {
        if (!OperatingSystem.IsLinux()) return;
        int descriptor = -1;
        Check(() => descriptor = OpenFile(path, OpenDirectoryFlags), $"open {path}");
        try
        {
            Check(() => FullSync(descriptor), $"fsync {path}");
        }
        finally
        {
            _ = CloseFile(descriptor);
        }
    }

    /// <summary>Gives a finished file its name unless another file has it: of any number that try at once, one succeeds.</summary>
    /// <returns>False when the name is taken; the file then keeps its own.</returns>
    /// <remarks>File.Move without overwriting looks and then renames on Unix, so that of two at once the second replaces the first one's file.</remarks>
    /// <exception cref="IOException">HResult is the errno.</exception>
    public static bool TryPublish(string temporary, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            if (File.Exists(path)) return false;
            File.Move(temporary, path, overwrite: false);
            return true;
        }

        if (Link(temporary, path) < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno is NotPermittedErrno or UnsupportedErrno or MissingCallErrno && OperatingSystem.IsLinux()) return TryRename(temporary, path);
            return errno == ExistsErrno ? false : throw new IOException($"link {path} failed: {Marshal.GetPInvokeErrorMessage(errno)}.", errno);
        }

        File.Delete(temporary);
        return true;
    }

    /// <summary>For file systems without hard links.</summary>
    private static bool TryRename(string temporary, string path)
    {
        if (Rename(CurrentFolder, temporary, CurrentFolder, path, NoReplace) >= 0) return true;
        int errno = Marshal.GetLastPInvokeError();
        return errno == ExistsErrno ? false : throw new IOException($"renameat2 {path} failed: {Marshal.GetPInvokeErrorMessage(errno)}.", errno);
    }

    /// <summary>The error that callers see for a failed write: a full disk may be helped by waiting, anything else needs an operator.</summary>
    public static LatentDbException ToStoreError(Exception cause, string what) => cause switch
    {
        LatentDbException known => known,
        IOException io => FromErrno(io.HResult & 0xffff, what, cause),
        _ => new LatentDbException(ErrorCode.StoreUnavailable, $"{what} failed; the shard takes no more writes until it is opened again.", cause),
    };

    public static LatentDbException FromErrno(int errno, string what, Exception? cause) => errno is NoSpaceErrno or QuotaErrno
        ? new LatentDbException(ErrorCode.StoreFull, $"{what} failed because the disk is full; the shard takes no more writes until it is opened again.", cause)
        : new LatentDbException(ErrorCode.StoreUnavailable, $"{what} failed with error {errno}; the shard takes no more writes until it is opened again.", cause);

    /// <summary>The error that callers see for a write that has no end.</summary>
    public static LatentDbException Hung(TimeoutException cause) => new(
        ErrorCode.StoreUnavailable,
        $"The disk did not answer within {StoreLimits.CommitTimeout.TotalSeconds:0} s; the shard takes no more writes until it is opened again.",
        cause);

    private static void Check(Func<int> call, string what)
    {
        while (call() < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != InterruptedErrno) throw new IOException($"{what} failed: {Marshal.GetPInvokeErrorMessage(errno)}.", errno);
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int DataSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FullSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int AllocateBlocks(int descriptor, long offset, long length);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string name);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(int folder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseFile(int descriptor);
}
