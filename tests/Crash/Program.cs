using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Retention;
using LatentDb.MemoryStore.Shards;

namespace LatentDb.Crash;

/// <summary>
/// The child: opens a store, then injects, rolls back, snapshots, forks, erases and compacts until it is killed, and prints a line for each try and each
/// acknowledgement. Injects whose fate its predecessor left open come first, under the keys that they had.
/// </summary>
internal static class Program
{
    public const int Writers = 4;

    /// <summary>Versions of each memory that retention keeps, besides those that a snapshot names.</summary>
    public const int KeptVersions = 6;

    private static readonly LogGeometry Small = new(64 << 10, 512 << 10, 256 << 10);

    private static readonly Lock Output = new();

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is [OwnerProcess.Verb, string shared, string owner, string lease])
        {
            var invariant = System.Globalization.CultureInfo.InvariantCulture;
            await OwnerProcess.RunAsync(shared, int.Parse(owner, invariant), int.Parse(lease, invariant), Print);
            return 0;
        }

        if (arguments is not [string folder, string seedText, .. string[] open]) return 2;
        int seed = int.Parse(seedText, System.Globalization.CultureInfo.InvariantCulture);
        await using MemoryStoreService store = Create(folder);
        Print($"START {seed}");
        await store.StartAsync(CancellationToken.None);
        Print($"OPEN {seed}");

        // Several writers share commits, so that a kill meets records of more than one memory in flight.
        await Task.WhenAll([
            .. Enumerable.Range(0, Writers).Select(i => Task.Run(() => new CrashWriter(store.Catalog, i, seed, Print).RunAsync(open))),
            Task.Run(() => CompactForeverAsync(store.Compactor))]);
        return 0;
    }

    /// <summary>Small segments, so that compaction has some to empty; it runs only where it is called.</summary>
    public static MemoryStoreService Create(string folder) => new(
        new MemoryStoreOptions { Data = folder, RetentionDays = null, RetentionVersions = KeptVersions, CompactionPause = TimeSpan.Zero },
        new ShardSettings { BlockGeometry = Small, ManifestGeometry = Small, FramesBetweenCheckpoints = 200 });

    public static MemoryKey Key(string memory) => new(TenantId.Default, MemoryId.Parse(memory));

    private static async Task CompactForeverAsync(StoreCompactor compactor)
    {
        while (true)
        {
            CompactionReport report = await compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);
            Print($"COMPACTED {report.SegmentsDeleted}");
        }
    }

    private static void Print(string line)
    {
        lock (Output)
        {
            Console.Out.WriteLine($"{line}{Acknowledgements.EndOfLine}");
            Console.Out.Flush();
        }
    }
}
