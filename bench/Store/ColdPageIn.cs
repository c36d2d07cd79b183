using System.Diagnostics;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Store;

/// <summary>Every slice of a 64 MB memory in the order of the log, from a cold cache; the floors are dd of the same log file, once as cold and once past the cache.</summary>
internal static class ColdPageIn
{
    private const double Bar = 0.80;

    private static readonly Sizes Sizes = new(Layers: 32, Rows: 256, Bytes: 512, PoolBlocks: 8);

    public static async Task RunAsync(string folder, int rounds)
    {
        await BuildAsync(folder);
        string log = Directory.GetFiles(folder, "log.0", SearchOption.AllDirectories).MaxBy(f => new FileInfo(f).Length)!;
        Console.WriteLine($"{Machine.Description}\n{new FileInfo(log).Length / 1e6:0.0} MB of log, {rounds} rounds, dd and store in turn, each after the file was taken out of the page cache.");
        await using MemoryStoreService store = await BenchStore.OpenAsync(folder);
        MemoryTimeline timeline = await store.Catalog.OpenAsync(BenchStore.Key(0), CancellationToken.None);
        foreach (int loaders in (int[])[1, 4]) await CompareAsync(folder, log, store, timeline, loaders, rounds);
    }

    private static async Task CompareAsync(string folder, string log, MemoryStoreService store, MemoryTimeline timeline, int loaders, int rounds)
    {
        var rates = new Sample();
        var floor = new Sample();
        var direct = new Sample();
        for (int round = -1; round < rounds; round++)
        {
            Floor.DropFromCache(folder);
            double ddRate = new FileInfo(log).Length / 1e6 / await Floor.DdAsync($"if={log}", "of=/dev/null", "bs=1M");
            double directRate = new FileInfo(log).Length / 1e6 / await Floor.DdAsync($"if={log}", "of=/dev/null", "bs=1M", "iflag=direct");
            Floor.DropFromCache(folder);
            double rate = await ReadAsync(store, timeline, loaders);
            if (round < 0) continue;
            floor.Add(ddRate);
            direct.Add(directRate);
            rates.Add(rate);
        }

        Console.WriteLine(
            $"page-in, {loaders} loaders: store {rates.Median:0} MB/s, floor with a dropped cache {floor.Median:0} MB/s: {rates.Median / floor.Median:P0}, "
            + $"floor past the cache {direct.Median:0} MB/s: {rates.Median / direct.Median:P0} (bar {Bar:P0}), load {Machine.Load()}");
    }

    private static async Task BuildAsync(string folder)
    {
        await using MemoryStoreService store = await BenchStore.OpenAsync(folder);
        MemoryTimeline timeline = await BenchStore.CreateAsync(store.Catalog, BenchStore.Key(0), Sizes);
        var random = new Random(1);
        for (long bytes = Sizes.PoolBytes; bytes < 64 << 20; bytes += Sizes.BlockBytes) await BenchStore.InjectAsync(timeline, Sizes, random);
    }

    private static async Task<double> ReadAsync(MemoryStoreService store, MemoryTimeline timeline, int loaders)
    {
        VersionedManifest head = await timeline.ReadAsync(VersionSelector.Head, CancellationToken.None);
        IEnumerable<SliceAddress> slices = head.Manifest.Blocks.SelectMany(
            block => Enumerable.Range(0, Sizes.Layers).Select(layer => new SliceAddress(block.Id, layer, SlicePart.Read)));
        long bytes = 0;
        long started = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(slices, new ParallelOptions { MaxDegreeOfParallelism = loaders }, async (address, token) =>
        {
            BlockSlice slice = await store.Catalog.Blocks.ReadAsync(address, token);
            Interlocked.Add(ref bytes, slice.TensorBytes);
        });
        return bytes / 1e6 / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
