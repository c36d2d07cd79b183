using System.Diagnostics;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;

namespace LatentDb.Store;

/// <summary>64 tenants that inject without a pause: how long the slowest of their commits take.</summary>
internal static class TenantLatency
{
    private const int Tenants = 64;
    private const double BarP99Milliseconds = 100;
    private const double BarWorstMilliseconds = 1000;

    private static readonly Sizes Sizes = new(Layers: 4, Rows: 16, Bytes: 512, PoolBlocks: 8);

    public static async Task RunAsync(string folder, int seconds)
    {
        await using MemoryStoreService store = await BenchStore.OpenAsync(folder);
        var timelines = new List<MemoryTimeline>();
        for (int i = 0; i < Tenants; i++)
        {
            timelines.Add(await BenchStore.CreateAsync(store.Catalog, new MemoryKey(TenantId.Parse($"tenant{i}"), MemoryId.Parse("m")), Sizes));
        }

        long started = Stopwatch.GetTimestamp();
        List<double>[] times = await Task.WhenAll(timelines.Select((timeline, i) => Task.Run(() => WriteAsync(timeline, new Random(i), started, seconds))));
        var all = new Sample();
        foreach (List<double> own in times) all.AddAll(own);
        Console.WriteLine($"{Machine.Description}\n{Tenants} tenants, {seconds} s of injects of {Sizes.BlockBytes / 1e3:0} KB without a pause: {all.Count / (double)seconds:0} commits/s");
        Console.WriteLine(
            $"tenant latency: median {all.Median:0.0} ms, p99 {all.At(0.99):0.0} ms (bar {BarP99Milliseconds} ms), worst {all.At(1):0.0} ms (bar {BarWorstMilliseconds} ms), "
            + $"fewest commits of a tenant {times.Min(t => t.Count)}, most {times.Max(t => t.Count)}");
    }

    private static async Task<List<double>> WriteAsync(MemoryTimeline timeline, Random random, long started, int seconds)
    {
        var times = new List<double>();
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
        {
            long begin = Stopwatch.GetTimestamp();
            await BenchStore.InjectAsync(timeline, Sizes, random);
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        return times;
    }
}
