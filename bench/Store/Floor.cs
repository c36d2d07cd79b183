using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Disk;
using Microsoft.Win32.SafeHandles;

namespace LatentDb.Store;

/// <summary>What the machine itself takes for the same bytes: dd, and a bare write with a sync.</summary>
internal static partial class Floor
{
    private const int BlockBytes = 4096;
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED

    /// <summary>Seconds that dd itself reports, so that starting it does not count.</summary>
    public static async Task<double> DdAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dd", arguments) { RedirectStandardError = true, UseShellExecute = false };
        start.Environment["LC_ALL"] = "C";
        using Process dd = Process.Start(start)!;
        string report = await dd.StandardError.ReadToEndAsync();
        await dd.WaitForExitAsync();
        if (dd.ExitCode != 0) throw new InvalidOperationException($"dd failed: {report}");
        string[] words = report.TrimEnd().Split('\n')[^1].Split(", ");
        return double.Parse(words[^2].Split(' ')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>Milliseconds of one write of 4 KiB over bytes that are there, made durable.</summary>
    public static double OverwriteMilliseconds(SafeFileHandle file, byte[] block, int round)
    {
        long started = Stopwatch.GetTimestamp();
        RandomAccess.Write(file, block.AsSpan(0, BlockBytes), round % 16 * BlockBytes);
        DurableFile.Sync(file);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <summary>A file of 16 prewritten blocks for <see cref="OverwriteMilliseconds"/>.</summary>
    public static SafeFileHandle CreatePrewritten(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        RandomAccess.Write(file, new byte[16 * BlockBytes], 0);
        DurableFile.Sync(file);
        return file;
    }

    /// <summary>Takes a folder's logs out of the page cache. They must be synced: dirty pages stay.</summary>
    public static void DropFromCache(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "log.*", SearchOption.AllDirectories))
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            DurableFile.Sync(file);
            if (Advise(file, 0, 0, DontNeed) != 0) throw new InvalidOperationException($"posix_fadvise failed on {path}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
