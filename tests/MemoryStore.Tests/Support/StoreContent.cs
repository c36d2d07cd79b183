using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Support;

/// <summary>Everything that a memory holds, as text that is equal only when every bit is.</summary>
internal static class StoreContent
{
    public static async Task<List<string>> ReadEverythingAsync(MemoryCatalog catalog, MemoryTimeline timeline)
    {
        var content = new List<string>();
        var blocks = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (long number = 1; number <= timeline.Summary.Head.Number.Value; number++)
        {
            VersionedManifest read = await timeline.ReadAsync(new VersionSelector.NumberSelector(new VersionNumber(number)), CancellationToken.None);
            content.Add($"{read.Version} {TestModel.Fingerprinted(read.Manifest)}");
            foreach (ManifestBlock block in read.Manifest.Blocks) await ReadBlockAsync(catalog.Blocks, block, read.Manifest.Layers.Length, blocks);
        }

        content.AddRange(timeline.ListSnapshots().Select(s => s.ToString()));
        content.AddRange(blocks.Values);
        return content;
    }

    /// <summary>What the directory says of a tenant must be the sum over its memories.</summary>
    public static async Task CheckUsageAsync(MemoryCatalog catalog, string tenant = "acme")
    {
        ImmutableArray<MemorySummary> all = await catalog.ListAsync(TenantId.Parse(tenant), 1000, null, CancellationToken.None);
        Assert.Equal(new TenantUsage(all.Length, all.Sum(m => m.Bytes)), catalog.UsageOf(TenantId.Parse(tenant)));
    }

    private static async Task ReadBlockAsync(IBlockSource source, ManifestBlock block, int layers, SortedDictionary<string, string> blocks)
    {
        for (int layer = 0; layer < layers; layer++)
        {
            var address = new SliceAddress(block.Id, layer, SlicePart.Read);
            if (blocks.ContainsKey(address.ToString())) continue;
            BlockSlice slice = await source.ReadAsync(address, CancellationToken.None);
            blocks.Add(address.ToString(), $"{address} {Convert.ToHexString(slice.Tensors[0].Bytes.Span)}");
        }
    }
}
