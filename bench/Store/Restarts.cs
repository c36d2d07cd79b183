using System.Diagnostics;
using LatentDb.MemoryStore.Hosting;

namespace LatentDb.Store;

/// <summary>Opens one store again and again with a write each time: how long an opening takes, and how many epochs it leaves.</summary>
internal static class Restarts
{
    public static async Task RunAsync(string folder, int count)
    {
        var sizes = new Sizes(4, 16, 512, 8);
        var times = new List<double>();
        for (int i = 0; i < count; i++)
        {
            long started = Stopwatch.GetTimestamp();
            await using MemoryStoreService store = await BenchStore.OpenAsync(folder);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (i == 0) await BenchStore.CreateAsync(store.Catalog, BenchStore.Key(0), sizes);
            await BenchStore.InjectAsync(await store.Catalog.OpenAsync(BenchStore.Key(0), CancellationToken.None), sizes, new Random(i));
        }

        long bytes = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
        int epochs = Directory.GetDirectories(Path.Combine(folder, "shard-0000"), "ep-*").Length;
        List<double> last = [.. times.TakeLast(100).Order()];
        times.Sort();
        Console.WriteLine($"{count} openings: median {times[count / 2]:0.0} ms, p95 {times[(int)(count * 0.95)]:0.0} ms, max {times[^1]:0.0} ms; last hundred: median {last[last.Count / 2]:0.0} ms");
        Console.WriteLine($"left: {epochs} epochs, {bytes / 1e6:0.0} MB for {count * sizes.BlockBytes / 1e6:0.0} MB of blocks");
    }
}
