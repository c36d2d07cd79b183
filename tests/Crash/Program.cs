using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LatentDb.Crash;

/// <summary>The child: opens a store, then injects, rolls back and snapshots until it is killed, and prints a line for each acknowledgement.</summary>
internal static class Program
{
    private const int Memories = 4;

    private static readonly Lock Output = new();

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [string folder, string seedText]) return 2;
        int seed = int.Parse(seedText, System.Globalization.CultureInfo.InvariantCulture);
        await using MemoryStoreService store = Create(folder);
        Print($"START {seed}");
        await store.StartAsync(CancellationToken.None);
        Print($"OPEN {seed}");

        // Several writers share commits, so that a kill meets records of more than one memory in flight.
        await Task.WhenAll(Enumerable.Range(0, Memories).Select(i => Task.Run(() => WriteForeverAsync(store.Catalog, Key(i), (seed * Memories) + i))));
        return 0;
    }

    public static MemoryStoreService Create(string folder) => new(
        Options.Create(new MemoryStoreOptions { Data = folder }), TimeProvider.System, NullLogger<MemoryStoreService>.Instance);

    public static MemoryKey Key(int memory) => new(TenantId.Default, MemoryId.Parse($"m{memory}"));

    private static async Task WriteForeverAsync(MemoryCatalog catalog, MemoryKey key, int seed)
    {
        MemoryTimeline timeline = await OpenOrCreateAsync(catalog, key);
        var random = new Random(seed);
        for (int step = 0; ; step++)
        {
            string operation = $"{seed}-{step}";
            Print($"TRY {key.Memory} {operation}");
            MemoryVersion version = random.Next(5) == 0
                ? await timeline.RollBackAsync(
                    new VersionSelector.NumberSelector(new VersionNumber(random.NextInt64(1, timeline.Summary.Head.Number.Value + 1))),
                    timeline.Summary.Head.Number, new WriteOrigin(operation, null), CancellationToken.None)
                : await InjectAsync(timeline, random.Next(), operation);
            VersionedManifest read = await timeline.ReadAsync(new VersionSelector.NumberSelector(version.Number), CancellationToken.None);
            Print($"ACK {key.Memory} {operation} {version.Number} {await CrashModel.HashAsync(catalog, read)}");
        }
    }

    private static async Task<MemoryVersion> InjectAsync(MemoryTimeline timeline, int seed, string operation)
    {
        await using AppendTransaction transaction = timeline.BeginAppend();
        var draft = new VersionDraft(await CrashModel.StageAsync(transaction, seed), CrashModel.Fingerprint, (ulong)seed, 16, operation);
        return await timeline.AppendAsync(transaction, draft, timeline.Summary.Head.Number, CancellationToken.None);
    }

    private static async Task<MemoryTimeline> OpenOrCreateAsync(MemoryCatalog catalog, MemoryKey key)
    {
        if ((await catalog.ListAsync(key.Tenant, 100, null, CancellationToken.None)).Any(m => m.Key == key)) return await catalog.OpenAsync(key, CancellationToken.None);
        await catalog.EnsureGenesisAsync(key, CrashModel.Fingerprint, CrashModel.WriteGenesisAsync, CancellationToken.None);
        return await catalog.CreateAsync(key, CrashModel.Fingerprint, null, WriteOrigin.None, CancellationToken.None);
    }

    private static void Print(string line)
    {
        lock (Output)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }
}
