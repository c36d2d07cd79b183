using System.Diagnostics;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Store;

/// <summary>What a snapshot and a rollback cost for two pools, one 16 times the other: bytes appended and time.</summary>
internal static class RollbackCost
{
    private static readonly Sizes Small = new(Layers: 32, Rows: 256, Bytes: 512, PoolBlocks: 4);

    private static readonly Sizes Large = Small with { PoolBlocks = 64 };

    public static async Task RunAsync(string folder, int rounds)
    {
        Console.WriteLine($"32 layers, blocks of {Small.BlockBytes / 1e6:0.0} MB, {rounds} rounds each, the two pools in turn in one run.");
        Console.WriteLine("verb      pool MB   appended B (median)   median ms   p95 ms");
        await using MemoryStoreService small = await OpenAsync(Path.Combine(folder, "small"), Small);
        await using MemoryStoreService large = await OpenAsync(Path.Combine(folder, "large"), Large);
        var results = new List<(string Verb, Sizes Sizes, List<double> Milliseconds, List<long> Bytes)>();
        foreach (string verb in (string[])["snapshot", "rollback"])
        {
            results.Add((verb, Small, [], []));
            results.Add((verb, Large, [], []));
        }

        // The first rounds warm up the code and the log's prewritten blocks.
        for (int round = -20; round < rounds; round++)
        {
            foreach ((string verb, Sizes sizes, List<double> milliseconds, List<long> bytes) in results)
            {
                MemoryStoreService store = sizes == Small ? small : large;
                (double took, long appended) = await MeasureAsync(store, verb, round);
                if (round < 0) continue;
                milliseconds.Add(took);
                bytes.Add(appended);
            }
        }

        foreach ((string verb, Sizes sizes, List<double> milliseconds, List<long> bytes) in results)
        {
            Console.WriteLine($"{verb,-9} {sizes.PoolBytes / 1e6,7:0.0}   {At(bytes, 0.5),19}   {At(milliseconds, 0.5),9:0.000}   {At(milliseconds, 0.95),6:0.000}");
        }

        foreach (string verb in (string[])["snapshot", "rollback"])
        {
            List<double>[] both = [.. results.Where(r => r.Verb == verb).Select(r => r.Milliseconds)];
            Console.WriteLine($"{verb}: ratio of medians, 16-fold pool to small pool: {At(both[1], 0.5) / At(both[0], 0.5):0.00}");
        }
    }

    private static async Task<MemoryStoreService> OpenAsync(string folder, Sizes sizes)
    {
        MemoryStoreService store = await BenchStore.OpenAsync(folder);
        MemoryTimeline timeline = await BenchStore.CreateAsync(store.Catalog, BenchStore.Key(0), sizes);
        var random = new Random(1);
        for (int i = 0; i < 4; i++) await BenchStore.InjectAsync(timeline, sizes, random);
        return store;
    }

    private static async Task<(double Milliseconds, long Bytes)> MeasureAsync(MemoryStoreService store, string verb, int round)
    {
        MemoryTimeline timeline = store.Catalog.Open(BenchStore.Key(0));
        Shard shard = store.Shards.Shards[0];
        long before = shard.ManifestLog.TailAddress + shard.BlockLog.TailAddress;
        long started = Stopwatch.GetTimestamp();
        if (verb == "snapshot") await timeline.CreateSnapshotAsync(SnapshotName.Parse($"s{round + 20}"), VersionSelector.Head, CancellationToken.None);
        else await timeline.RollBackAsync(VersionSelector.Parse("3"), timeline.Summary.Head.Number, null, CancellationToken.None);
        double took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return (took, shard.ManifestLog.TailAddress + shard.BlockLog.TailAddress - before);
    }

    private static T At<T>(List<T> values, double share) => values.Order().ElementAt((int)((values.Count - 1) * share));
}
