using System.Diagnostics;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute.Cpu;
using LatentDb.ModelHost.Paging;
using LatentDb.Store;

namespace LatentDb.Paging;

/// <summary>
/// A thousand memories, room for fifty, accesses by Zipf's law (exponent 1): what the pager adds to an answer, and the throughput of answers of several
/// lengths against unlimited room. An answer is stood for by processor time, because how long one takes is the model's business (bench/Serving measures that).
/// </summary>
internal static class ZipfAccess
{
    private const int Memories = 1000;
    private const int Room = 50;
    private const int Clients = 4;
    private const double Bar = 0.60;
    private static readonly double SpinsOfMillisecond = MeasureSpins();

    public static async Task RunAsync(string folder, int accesses)
    {
        PagedModel model = PagedModel.Small;
        await using MemoryStoreService store = await BenchStore.OpenAsync(folder);
        var manifests = new Manifest[Memories];
        for (int i = 0; i < Memories; i++) manifests[i] = (await (await model.WriteAsync(store, i, seed: i)).ReadAsync(VersionSelector.Head, CancellationToken.None)).Manifest;
        Console.WriteLine($"{Machine.Description}\n{Memories} memories of {model.MemoryBytes / 1e6:0.0} MB, room for {Room}, {accesses} accesses by {Clients} clients.");
        int[] order = Draw(accesses);
        using var backend = new CpuBackend(new CpuBackendOptions());
        foreach (double milliseconds in (double[])[0, 2, 5, 10])
        {
            using var little = new MemoryPager(backend, model.Geometry, new PagerOptions(Room * model.MemoryBytes, 8));
            using var unlimited = new MemoryPager(backend, model.Geometry, new PagerOptions(Memories * model.MemoryBytes, 8));
            await AccessAsync(unlimited, store, manifests, [.. Enumerable.Range(0, Memories)], 0);
            await AccessAsync(little, store, manifests, order, 0);
            long loadedBefore = little.Counts.Loads;
            double paged = await AccessAsync(little, store, manifests, order, milliseconds);
            double resident = await AccessAsync(unlimited, store, manifests, order, milliseconds);
            double misses = (little.Counts.Loads - loadedBefore) / (double)(model.Layers * model.Blocks * order.Length);
            Console.WriteLine(
                $"answers of {milliseconds} ms: {order.Length / paged:0} /s, unlimited {order.Length / resident:0} /s: {resident / paged:P0} (bar {Bar:P0}); "
                + $"{1 - misses:P1} of the slices were resident; load {Machine.Load()}");
        }
    }

    /// <summary>Ranks by Zipf's law, mixed so that neighbours in rank are not neighbours on disk.</summary>
    private static int[] Draw(int accesses)
    {
        var random = new Random(7);
        int[] names = [.. Enumerable.Range(0, Memories)];
        random.Shuffle(names);
        double[] cumulative = new double[Memories];
        double sum = 0;
        for (int i = 0; i < Memories; i++) cumulative[i] = sum += 1.0 / (i + 1);
        int[] drawn = new int[accesses];
        for (int i = 0; i < accesses; i++)
        {
            int rank = Array.BinarySearch(cumulative, random.NextDouble() * sum);
            drawn[i] = names[rank >= 0 ? rank : ~rank];
        }

        return drawn;
    }

    /// <returns>Seconds.</returns>
    private static async Task<double> AccessAsync(MemoryPager pager, MemoryStoreService store, Manifest[] manifests, int[] order, double milliseconds)
    {
        int next = -1;
        long started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var at && at < order.Length)
            {
                using PinHandle rows = await pager.PinForReadAsync(manifests[order[at]], store.Catalog.Blocks, CancellationToken.None);
                Compute(milliseconds);
            }
        })));
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Work, not time: so that a client takes nothing from the others by waiting.</summary>
    private static void Compute(double milliseconds) => Thread.SpinWait((int)(milliseconds * SpinsOfMillisecond));

    private static double MeasureSpins()
    {
        const int Spins = 2_000_000;
        Thread.SpinWait(Spins);
        long started = Stopwatch.GetTimestamp();
        Thread.SpinWait(Spins);
        return Spins / Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }
}
