using System.Diagnostics;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Timeline;

namespace LatentDb.Store;

/// <summary>Blocks of 1 MB, each committed before its writer goes on, from 8 writers; the floor is dd of the same bytes with one sync at the end.</summary>
internal static class DurableAppend
{
    private const int Writers = 8;
    private const double Bar = 0.85;

    private static readonly Sizes Sizes = new(Layers: 1, Rows: 256, Bytes: 4096, PoolBlocks: 2);

    public static async Task RunAsync(string folder, int megabytes)
    {
        Console.WriteLine($"{Machine.Description}\n{megabytes} MB a round in blocks of {Sizes.BlockBytes / 1e6:0.00} MB, {Writers} writers, dd and store in turn.");
        string source = Path.Combine(folder, "source");
        await WriteSourceAsync(source, megabytes);
        var store = new Sample();
        var dd = new Sample();
        for (int round = -1; round < 7; round++)
        {
            double ddRate = megabytes / await Floor.DdAsync($"if={source}", $"of={Path.Combine(folder, "copy")}", "bs=1M", "conv=fdatasync");
            File.Delete(Path.Combine(folder, "copy"));
            double storeRate = await StoreAsync(Path.Combine(folder, $"round{round + 1}"), megabytes);
            Console.WriteLine($"{(round < 0 ? "warm-up" : $"round {round + 1}"),-8} dd {ddRate,6:0} MB/s   store {storeRate,6:0} MB/s   {storeRate / ddRate,6:P0}");
            if (round < 0) continue;
            dd.Add(ddRate);
            store.Add(storeRate);
        }

        Console.WriteLine($"append: store {store.Median:0} MB/s, floor {dd.Median:0} MB/s: {store.Median / dd.Median:P0} (bar {Bar:P0}), load {Machine.Load()}");
    }

    private static async Task WriteSourceAsync(string path, int megabytes)
    {
        byte[] bytes = new byte[1 << 20];
        var random = new Random(1);
        await using FileStream file = File.Create(path);
        for (int i = 0; i < megabytes; i++)
        {
            random.NextBytes(bytes);
            await file.WriteAsync(bytes);
        }
    }

    private static async Task<double> StoreAsync(string folder, int megabytes)
    {
        double seconds;
        await using (MemoryStoreService store = await BenchStore.OpenAsync(folder))
        {
            var timelines = new List<MemoryTimeline>();
            for (int i = 0; i < Writers; i++) timelines.Add(await BenchStore.CreateAsync(store.Catalog, BenchStore.Key(i), Sizes));
            long started = Stopwatch.GetTimestamp();
            await Task.WhenAll(timelines.Select((timeline, i) => Task.Run(() => WriteAsync(timeline, new Random(i), megabytes / Writers))));
            seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        Directory.Delete(folder, recursive: true);
        return megabytes / Writers * Writers * Sizes.BlockBytes / 1048576.0 / seconds;
    }

    private static async Task WriteAsync(MemoryTimeline timeline, Random random, int blocks)
    {
        for (int i = 0; i < blocks; i++) await BenchStore.InjectAsync(timeline, Sizes, random);
    }
}
