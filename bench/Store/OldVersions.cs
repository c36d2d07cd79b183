using System.Diagnostics;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Store;

/// <summary>
/// Reads versions 10,000 back and versions near the head, in turn, newest first in a store that was just opened: a manifest that is cached helps
/// only newer ones, so each is built from the log. Both ends meet every distance from an image.
/// </summary>
internal static class OldVersions
{
    private const double Bar = 2;

    /// <summary>Versions at each end: two rounds of images, so that both ends meet every depth.</summary>
    private const int Span = 2 * MemoryStore.StoreLimits.WritesBetweenImages;

    /// <summary>Writes before the oldest version that is read: pool and bank are full by then.</summary>
    private const int WarmUp = 256;

    private static readonly Sizes Sizes = new(Layers: 4, Rows: 16, Bytes: 512, PoolBlocks: 8);

    public static async Task RunAsync(string folder, int back)
    {
        await BuildAsync(folder, WarmUp + back + Span);
        Console.WriteLine($"{Machine.Description}\n{WarmUp + back + Span + 1} versions; {Span} versions at each end, 5 rounds in turn, no manifest cached.");
        var near = new Sample();
        var old = new Sample();
        for (int round = -1; round < 5; round++)
        {
            await using MemoryStoreService store = await BenchStore.OpenAsync(folder);
            MemoryTimeline timeline = await store.Catalog.OpenAsync(BenchStore.Key(0), CancellationToken.None);
            long head = timeline.Summary.Head.Number.Value;
            for (int i = 0; i < Span; i++)
            {
                double newest = await ReadAsync(timeline, head - i);
                double oldest = await ReadAsync(timeline, head - back - i);
                if (round < 0) continue;
                near.Add(newest);
                old.Add(oldest);
            }
        }

        Console.WriteLine($"head: median {near.Median:0.000} ms, p95 {near.At(0.95):0.000} ms; {back} back: median {old.Median:0.000} ms, p95 {old.At(0.95):0.000} ms");
        Console.WriteLine($"old version: {old.Median / near.Median:0.00} x the head (bar {Bar} x), load {Machine.Load()}");
    }

    private static async Task BuildAsync(string folder, int writes)
    {
        await using MemoryStoreService store = await BenchStore.OpenAsync(folder);
        MemoryTimeline timeline = await BenchStore.CreateAsync(store.Catalog, BenchStore.Key(0), Sizes);
        var random = new Random(1);
        for (int i = 0; i < writes; i++) await BenchStore.InjectAsync(timeline, Sizes, random);
    }

    private static async Task<double> ReadAsync(MemoryTimeline timeline, long version)
    {
        long started = Stopwatch.GetTimestamp();
        await timeline.ReadAsync(new VersionSelector.NumberSelector(new VersionNumber(version)), CancellationToken.None);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }
}
