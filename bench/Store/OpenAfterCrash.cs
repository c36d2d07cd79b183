using System.Collections.Immutable;
using System.Diagnostics;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Store;

/// <summary>
/// Many memories of a few versions each, written by a process that is killed in the middle of a write; then a fresh process opens them, and its
/// time and largest resident set are measured. Versions are rollbacks: the index keeps the same for every cause.
/// </summary>
internal static class OpenAfterCrash
{
    public const string BuildVerb = "open-build";
    public const string MeasureVerb = "open-measure";
    private const int Versions = 10;
    private const int Writers = 512;
    private const double BarSeconds = 10;
    private const double BarBytes = 1.5e9;

    private static readonly Sizes Sizes = new(Layers: 4, Rows: 16, Bytes: 512, PoolBlocks: 2);

    public static async Task RunAsync(string folder, int memories)
    {
        Console.WriteLine($"{Machine.Description}\n{memories} memories of {Versions} versions.");
        long started = Stopwatch.GetTimestamp();
        await RunChildAsync(BuildVerb, folder, memories);
        long bytes = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
        Console.WriteLine($"built in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s, then killed; {bytes / 1e6:0} MB on disk");
        Console.WriteLine($"first opening, after the kill:  {await RunChildAsync(MeasureVerb, folder, memories)}");
        Console.WriteLine($"second opening, after a close:  {await RunChildAsync(MeasureVerb, folder, memories)}");
        Console.WriteLine($"(bars: {BarSeconds} s, {BarBytes / 1e9:0.0} GB), load {Machine.Load()}");
    }

    /// <summary>In the child: writes and dies.</summary>
    public static async Task BuildAsync(string folder, int memories)
    {
        MemoryStoreService store = await BenchStore.OpenAsync(folder);
        await store.Catalog.EnsureGenesisAsync(BenchStore.Key(0), BenchStore.Fingerprint, (sink, token) => BenchStore.WriteGenesisAsync(sink, Sizes, token), CancellationToken.None);
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            for (int i = Interlocked.Increment(ref next); i < memories; i = Interlocked.Increment(ref next)) await WriteMemoryAsync(store.Catalog, BenchStore.Key(i));
        })));
        using Process self = Process.GetCurrentProcess();
        Task unfinished = WriteMemoryAsync(store.Catalog, BenchStore.Key(memories));
        self.Kill();
        await unfinished;
    }

    /// <summary>In the child: opens, and says what that took; then reads some memories, so that an opening that put everything off would show.</summary>
    public static async Task MeasureAsync(string folder, int memories)
    {
        long started = Stopwatch.GetTimestamp();
        await using MemoryStoreService store = await BenchStore.OpenAsync(folder);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        double processorSeconds = Environment.CpuUsage.TotalTime.TotalSeconds;
        long opened = Machine.PeakResidentBytes();
        var reads = new Sample();
        var random = new Random(1);
        for (int i = 0; i < 1000; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            MemoryTimeline timeline = await store.Catalog.OpenAsync(BenchStore.Key(random.Next(memories)), CancellationToken.None);
            ImmutableArray<MemoryVersion> versions = timeline.ListVersions(Versions + 1, null);
            await timeline.ReadAsync(VersionSelector.Head, CancellationToken.None);
            reads.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            if (versions.Length != Versions) throw new InvalidOperationException($"A memory has {versions.Length} versions, not {Versions}.");
        }

        int listed = (await store.Catalog.ListAsync(TenantId.Default, 1000, null, CancellationToken.None)).Length;
        Console.WriteLine(
            $"{seconds:0.00} s to open, {processorSeconds:0.00} s of processor time since the start of the process, {opened / 1e9:0.00} GB at most until then, {Machine.PeakResidentBytes() / 1e9:0.00} GB after 1000 reads of "
            + $"{reads.Median:0.000} ms median, {reads.At(0.99):0.000} ms p99; {listed} listed");
    }

    private static async Task WriteMemoryAsync(MemoryCatalog catalog, MemoryKey key)
    {
        MemoryTimeline timeline = await catalog.CreateAsync(key, BenchStore.Fingerprint, null, WriteOrigin.None, CancellationToken.None);
        for (int version = 2; version <= Versions; version++)
        {
            await timeline.RollBackAsync(VersionSelector.Head, timeline.Summary.Head.Number, WriteOrigin.None, CancellationToken.None);
        }
    }

    private static async Task<string> RunChildAsync(string verb, string folder, int memories)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(OpenAfterCrash).Assembly.Location, verb, $"{memories}", folder]) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process child = Process.Start(start)!;
        string output = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        bool wasKilled = child.ExitCode == 128 + 9;
        if (wasKilled != (verb == BuildVerb)) throw new InvalidOperationException($"{verb} ended with {child.ExitCode}: {output}");
        return output.Trim();
    }
}
