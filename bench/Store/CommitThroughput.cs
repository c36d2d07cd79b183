using System.Diagnostics;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Timeline;

namespace LatentDb.Store;

/// <summary>Injects per second with 1 to 64 memories writing at once, for the small model's block and for a larger one.</summary>
internal static class CommitThroughput
{
    public static async Task RunAsync(string folder, int seconds)
    {
        Console.WriteLine("block KB   writers   injects/s   MB/s     median ms   p95 ms");
        foreach (Sizes sizes in (Sizes[])[new Sizes(4, 16, 512, 8), new Sizes(32, 256, 512, 4)])
        {
            foreach (int writers in (int[])[1, 8, 64]) await MeasureAsync(Path.Combine(folder, $"{sizes.BlockBytes}-{writers}"), sizes, writers, seconds);
        }
    }

    private static async Task MeasureAsync(string folder, Sizes sizes, int writers, int seconds)
    {
        await using MemoryStoreService store = await BenchStore.OpenAsync(folder);
        var timelines = new List<MemoryTimeline>();
        for (int i = 0; i < writers; i++) timelines.Add(await BenchStore.CreateAsync(store.Catalog, BenchStore.Key(i), sizes));
        long started = Stopwatch.GetTimestamp();
        List<double>[] times = await Task.WhenAll(timelines.Select((timeline, i) => Task.Run(() => WriteAsync(timeline, sizes, new Random(i), started, seconds))));
        double elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        List<double> all = [.. times.SelectMany(t => t).Order()];
        Console.WriteLine(
            $"{sizes.BlockBytes / 1e3,8:0}   {writers,7}   {all.Count / elapsed,9:0}   {all.Count / elapsed * sizes.BlockBytes / 1e6,6:0.0}   "
            + $"{all[all.Count / 2],9:0.00}   {all[(int)(all.Count * 0.95)],6:0.00}");
    }

    private static async Task<List<double>> WriteAsync(MemoryTimeline timeline, Sizes sizes, Random random, long started, int seconds)
    {
        var times = new List<double>();
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
        {
            long begin = Stopwatch.GetTimestamp();
            await BenchStore.InjectAsync(timeline, sizes, random);
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        return times;
    }
}
