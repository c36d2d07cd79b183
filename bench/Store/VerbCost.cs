using System.Diagnostics;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using Microsoft.Win32.SafeHandles;

namespace LatentDb.Store;

/// <summary>
/// What a snapshot, a rollback and a fork cost for a pool of 1 MB and one of 1 GB: bytes appended, time, and time beyond the syncs themselves, which
/// are bare 4 KiB overwrites with fdatasync on the same disk in the same run. A commit syncs twice, the data and the commit record; a fork first
/// makes a key durable in two files.
/// </summary>
internal static class VerbCost
{
    private const double BarMilliseconds = 1.0;

    private static readonly Sizes Small = new(Layers: 32, Rows: 16, Bytes: 512, PoolBlocks: 4);

    private static readonly Sizes Large = new(Layers: 32, Rows: 256, Bytes: 4096, PoolBlocks: 32);

    private static readonly string[] Verbs = ["snapshot", "rollback", "fork"];

    public static async Task RunAsync(string folder, int rounds)
    {
        Console.WriteLine($"{Machine.Description}\n{rounds} rounds of every verb on both pools and of the bare sync, in turn.");
        await using MemoryStoreService small = await OpenAsync(Path.Combine(folder, "small"), Small);
        await using MemoryStoreService large = await OpenAsync(Path.Combine(folder, "large"), Large);
        using SafeFileHandle file = Floor.CreatePrewritten(Path.Combine(folder, "floor"));
        List<Measured> all = [.. Verbs.SelectMany(verb => (Measured[])[new Measured(verb, Small, small), new Measured(verb, Large, large)])];
        var sync = new Sample();
        byte[] block = new byte[4096];

        // The first rounds warm up the code and the log's prewritten blocks.
        for (int round = -20; round < rounds; round++)
        {
            double bare = Floor.OverwriteMilliseconds(file, block, round + 20);
            if (round >= 0) sync.Add(bare);
            foreach (Measured measured in all) await MeasureAsync(measured, round);
        }

        Console.WriteLine($"bare 4 KiB overwrite + fdatasync: median {sync.Median:0.000} ms, p95 {sync.At(0.95):0.000} ms");
        foreach (Measured measured in all)
        {
            Console.WriteLine(
                $"{measured.Verb,-9} pool {measured.Sizes.PoolBytes / 1e6,7:0.0} MB: appended {measured.Bytes.Median,6:0} B, median {measured.Milliseconds.Median:0.000} ms, "
                + $"p95 {measured.Milliseconds.At(0.95):0.000} ms; beyond one sync {measured.Milliseconds.Median - sync.Median:0.000} ms (bar {BarMilliseconds:0} ms), "
                + $"beyond its {measured.Syncs} syncs {measured.Milliseconds.Median - (measured.Syncs * sync.Median):0.000} ms");
        }

        foreach (IGrouping<string, Measured> pair in all.GroupBy(m => m.Verb))
        {
            Console.WriteLine($"{pair.Key}: ratio of medians, 1 GB pool to 1 MB pool: {pair.Last().Milliseconds.Median / pair.First().Milliseconds.Median:0.00}");
        }

        Console.WriteLine($"load {Machine.Load()}");
    }

    private static async Task<MemoryStoreService> OpenAsync(string folder, Sizes sizes)
    {
        MemoryStoreService store = await BenchStore.OpenAsync(folder);
        MemoryTimeline timeline = await BenchStore.CreateAsync(store.Catalog, BenchStore.Key(0), sizes);
        var random = new Random(1);
        for (int i = 0; i < 4; i++) await BenchStore.InjectAsync(timeline, sizes, random);
        return store;
    }

    private static async Task MeasureAsync(Measured measured, int round)
    {
        MemoryTimeline timeline = await measured.Store.Catalog.OpenAsync(BenchStore.Key(0), CancellationToken.None);
        Shard shard = measured.Store.Shards.Shards.First();
        long before = shard.ManifestLog.TailAddress + shard.BlockLog.TailAddress;
        long started = Stopwatch.GetTimestamp();
        await RunVerbAsync(measured.Verb, measured.Store.Catalog, timeline, round + 20);
        double took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        if (round < 0) return;
        measured.Milliseconds.Add(took);
        measured.Bytes.Add(shard.ManifestLog.TailAddress + shard.BlockLog.TailAddress - before);
    }

    private static Task RunVerbAsync(string verb, MemoryCatalog catalog, MemoryTimeline timeline, int round) => verb switch
    {
        "snapshot" => timeline.CreateSnapshotAsync(SnapshotName.Parse($"s{round}"), VersionSelector.Head, CancellationToken.None),
        "rollback" => timeline.RollBackAsync(VersionSelector.Parse("3"), timeline.Summary.Head.Number, WriteOrigin.None, CancellationToken.None),
        _ => catalog.ForkAsync(BenchStore.Key(0), VersionSelector.Parse("3"), BenchStore.Key(round + 1), null, WriteOrigin.None, CancellationToken.None),
    };

    private sealed record Measured(string Verb, Sizes Sizes, MemoryStoreService Store)
    {
        public int Syncs => Verb == "fork" ? 4 : 2;

        public Sample Milliseconds { get; } = new();

        public Sample Bytes { get; } = new();
    }
}
