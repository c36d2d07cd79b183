using System.Diagnostics;
using System.Globalization;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute.Cpu;
using LatentDb.ModelHost.Paging;
using LatentDb.Store;

namespace LatentDb.Paging;

/// <summary>
/// All rows of a memory of the 100M shape from disk into the back end's memory, against dd of as many bytes of the same log; each after the files
/// were taken out of the page cache. An answer waits for less, because the prefill of a layer runs while later ones are read.
/// </summary>
internal static class ColdPin
{
    private const double Bar = 1.3;

    public static async Task RunAsync(string folder, int rounds)
    {
        PagedModel model = PagedModel.HundredMillion;
        await using MemoryStoreService store = await BenchStore.OpenAsync(folder);
        MemoryTimeline timeline = await model.WriteAsync(store, 0, seed: 1);
        VersionedManifest head = await timeline.ReadAsync(VersionSelector.Head, CancellationToken.None);
        string log = Directory.GetFiles(folder, "log.0", SearchOption.AllDirectories).MaxBy(f => new FileInfo(f).Length)!;
        Console.WriteLine($"{Machine.Description}\n{model.MemoryBytes / 1e6:0.0} MB of rows in {model.Layers * model.Blocks} slices, {rounds} rounds, dd and pin in turn.");
        using var backend = new CpuBackend(new CpuBackendOptions());
        VersionedManifest other = await (await model.WriteAsync(store, 1, seed: 2)).ReadAsync(VersionSelector.Head, CancellationToken.None);
        foreach (int loaders in (int[])[1, 2, 4, 8, 16])
        {
            using var pager = new MemoryPager(backend, model.Geometry, new PagerOptions(model.MemoryBytes, loaders));
            var floor = new Sample();
            var direct = new Sample();
            var cold = new Sample();
            var again = new Sample();
            for (int round = -1; round < rounds; round++)
            {
                double dropped = await DdAsync(folder, log, model.MemoryBytes, "iflag=fullblock");
                double past = await DdAsync(folder, log, model.MemoryBytes, "iflag=direct");
                await PinAsync(pager, other.Manifest, store); // Its slices take the room, and give their memory to those of the first.
                Floor.DropFromCache(folder);
                double first = await PinAsync(pager, head.Manifest, store);
                await PinAsync(pager, other.Manifest, store);
                double second = await PinAsync(pager, head.Manifest, store);
                if (round < 0) continue;
                floor.Add(dropped);
                direct.Add(past);
                cold.Add(first);
                again.Add(second);
            }

            Console.WriteLine(
                $"{loaders,2} loaders: cold {cold.Median:0.0} ms, dd with a dropped cache {floor.Median:0.0} ms: {cold.Median / floor.Median:0.00} x, "
                + $"dd past the cache {direct.Median:0.0} ms: {cold.Median / direct.Median:0.00} x (bar {Bar} x); from the page cache {again.Median:0.0} ms "
                + $"= {again.Median * 1e6 / model.MemoryBytes:0.00} ns a byte; load {Machine.Load()}");
        }
    }

    private static async Task<double> DdAsync(string folder, string log, long bytes, string flags)
    {
        Floor.DropFromCache(folder);
        string count = (bytes >> 20).ToString(CultureInfo.InvariantCulture);
        return 1e3 * await Floor.DdAsync($"if={log}", "of=/dev/null", "bs=1M", $"count={count}", "skip=40", flags);
    }

    private static async Task<double> PinAsync(MemoryPager pager, Manifest manifest, MemoryStoreService store)
    {
        long started = Stopwatch.GetTimestamp();
        using PinHandle rows = await pager.PinForReadAsync(manifest, store.Catalog.Blocks, CancellationToken.None);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }
}
