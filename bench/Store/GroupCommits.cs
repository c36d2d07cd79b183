using System.Diagnostics;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using Microsoft.Win32.SafeHandles;

namespace LatentDb.Store;

/// <summary>
/// Durable commits of one record each per second: 64 writers of the store, against a lone writer that syncs after each record (a bare file, and
/// the store itself), and against SQLite in WAL mode with synchronous=FULL. All in turn, the same bytes a record.
/// </summary>
internal static class GroupCommits
{
    private const int Writers = 64;
    private const int RecordBytes = 256;
    private const double BarLone = 20;
    private const double BarSqlite = 2;

    private static readonly Sizes Sizes = new(Layers: 4, Rows: 16, Bytes: 512, PoolBlocks: 2);

    public static async Task RunAsync(string folder, int seconds)
    {
        Console.WriteLine($"{Machine.Description}\n{seconds} s of each a round, 3 rounds in turn.");
        List<Contender> contenders =
        [
            new("store, 64 writers", f => StoreAsync(f, Writers, seconds)),
            new("store, 1 writer", f => StoreAsync(f, 1, seconds)),
            new("bare file, 1 writer, fdatasync each", f => Task.Run(() => BareAsync(f, seconds))),
            new("SQLite, 1 connection", f => SqliteInserts.RunAsync(f, connections: 1, RecordBytes, batch: 1, seconds)),
            new("SQLite, 64 connections", f => SqliteInserts.RunAsync(f, Writers, RecordBytes, batch: 1, seconds)),
            new("SQLite, 64 inserts a transaction", f => SqliteInserts.RunAsync(f, connections: 1, RecordBytes, batch: Writers, seconds)),
        ];
        for (int round = 0; round < 3; round++)
        {
            foreach (Contender contender in contenders)
            {
                string own = Directory.CreateDirectory(Path.Combine(folder, Guid.NewGuid().ToString("n"))).FullName;
                contender.PerSecond.Add(await contender.RunAsync(own));
                Directory.Delete(own, recursive: true);
            }
        }

        double ours = contenders[0].PerSecond.Median;
        foreach (Contender contender in contenders) Console.WriteLine($"{contender.Name,-36} {contender.PerSecond.Median,8:0} /s   store with 64 writers is {ours / contender.PerSecond.Median,6:0.0} x");
        double sqlite = Math.Max(contenders[3].PerSecond.Median, contenders[4].PerSecond.Median);
        Console.WriteLine($"group commit: {ours / contenders[2].PerSecond.Median:0.0} x a lone writer (bar {BarLone} x), {ours / sqlite:0.0} x SQLite at its better (bar {BarSqlite} x), load {Machine.Load()}");
    }

    private static async Task<double> StoreAsync(string folder, int writers, int seconds)
    {
        await using MemoryStoreService store = await BenchStore.OpenAsync(folder);
        var timelines = new List<MemoryTimeline>();
        for (int i = 0; i < writers; i++) timelines.Add(await BenchStore.CreateAsync(store.Catalog, BenchStore.Key(i), Sizes));
        long started = Stopwatch.GetTimestamp();
        int[] counts = await Task.WhenAll(timelines.Select(timeline => Task.Run(() => WriteAsync(timeline, started, seconds))));
        return counts.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>A rollback is one record of the manifest log, with nothing in the block log.</summary>
    private static async Task<int> WriteAsync(MemoryTimeline timeline, long started, int seconds)
    {
        int count = 0;
        for (; Stopwatch.GetElapsedTime(started).TotalSeconds < seconds; count++)
        {
            await timeline.RollBackAsync(VersionSelector.Head, timeline.Summary.Head.Number, WriteOrigin.None, CancellationToken.None);
        }

        return count;
    }

    private static double BareAsync(string folder, int seconds)
    {
        using SafeFileHandle file = File.OpenHandle(Path.Combine(folder, "log"), FileMode.CreateNew, FileAccess.Write);
        byte[] record = new byte[RecordBytes];
        long started = Stopwatch.GetTimestamp();
        int count = 0;
        for (; Stopwatch.GetElapsedTime(started).TotalSeconds < seconds; count++)
        {
            RandomAccess.Write(file, record, (long)count * RecordBytes);
            DurableFile.Sync(file);
        }

        return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private sealed record Contender(string Name, Func<string, Task<double>> RunAsync)
    {
        public Sample PerSecond { get; } = new();
    }
}
