using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LatentDb.Crash;

/// <summary>
/// The child: opens a store, then injects, rolls back, snapshots, forks and erases until it is killed, and prints a line for each try and each
/// acknowledgement. Injects whose fate its predecessor left open come first, under the keys that they had.
/// </summary>
internal static class Program
{
    public const int Writers = 4;

    private static readonly Lock Output = new();

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [string folder, string seedText, .. string[] open]) return 2;
        int seed = int.Parse(seedText, System.Globalization.CultureInfo.InvariantCulture);
        await using MemoryStoreService store = Create(folder);
        Print($"START {seed}");
        await store.StartAsync(CancellationToken.None);
        Print($"OPEN {seed}");

        // Several writers share commits, so that a kill meets records of more than one memory in flight.
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(i => Task.Run(() => new CrashWriter(store.Catalog, i, seed, Print).RunAsync(open))));
        return 0;
    }

    public static MemoryStoreService Create(string folder) => new(
        Options.Create(new MemoryStoreOptions { Data = folder }), TimeProvider.System, NullLogger<MemoryStoreService>.Instance);

    public static MemoryKey Key(string memory) => new(TenantId.Default, MemoryId.Parse(memory));

    private static void Print(string line)
    {
        lock (Output)
        {
            Console.Out.WriteLine($"{line}{Acknowledgements.EndOfLine}");
            Console.Out.Flush();
        }
    }
}
