using System.Collections.Concurrent;
using System.Globalization;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Crash;

/// <summary>What a child acknowledged before it died, and the check that all of it is there.</summary>
internal sealed class Acknowledgements
{
    private readonly ConcurrentDictionary<string, Acknowledged> _acknowledged = new(StringComparer.Ordinal);

    public int Count => _acknowledged.Count;

    /// <summary>Reads a line of the child; the last one may be cut.</summary>
    public void Note(string line)
    {
        if (line.Split(' ') is ["ACK", string memory, string operation, string number, { Length: 64 } hash])
        {
            _acknowledged[operation] = new Acknowledged(memory, long.Parse(number, CultureInfo.InvariantCulture), hash);
        }
    }

    /// <summary>Opens the store and compares every version that was acknowledged since the last check, or all of them.</summary>
    public async Task CheckAsync(string folder, string where, bool everything)
    {
        await using MemoryStoreService store = Program.Create(folder);
        await store.StartAsync(CancellationToken.None);
        foreach ((string operation, Acknowledged expected) in _acknowledged.Where(a => !a.Value.IsChecked || everything))
        {
            MemoryTimeline timeline = await store.Catalog.OpenAsync(new MemoryKey(TenantId.Default, MemoryId.Parse(expected.Memory)), CancellationToken.None);
            MemoryVersion? version = timeline.FindOperation(operation);
            Assert.True(version is not null, $"{where}: {operation} was acknowledged and is gone");
            Assert.Equal(expected.Number, version.Number.Value);
            Assert.True(expected.Hash == await HashAsync(store.Catalog, timeline, version.Number), $"{where}: version {version.Number} of {operation} changed");
            expected.IsChecked = true;
        }

        foreach (MemorySummary memory in await store.Catalog.ListAsync(TenantId.Default, 100, null, CancellationToken.None))
        {
            // Whatever came through without an acknowledgement must be whole too: its blocks are there and verify.
            await HashAsync(store.Catalog, await store.Catalog.OpenAsync(memory.Key, CancellationToken.None), memory.Head.Number);
        }
    }

    private static async Task<string> HashAsync(MemoryCatalog catalog, MemoryTimeline timeline, VersionNumber number) =>
        await CrashModel.HashAsync(catalog, await timeline.ReadAsync(new VersionSelector.NumberSelector(number), CancellationToken.None));

    private sealed record Acknowledged(string Memory, long Number, string Hash)
    {
        public bool IsChecked { get; set; }
    }
}
