using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>What a memory must hold, worked out without the store.</summary>
/// <param name="Versions">Oldest first; empty = the memory does not exist.</param>
/// <param name="Snapshots">Their names and versions.</param>
/// <param name="Seeds">What the content of each block was made from.</param>
internal sealed record ExpectedMemory(
    ImmutableList<ExpectedVersion> Versions, ImmutableSortedDictionary<string, long> Snapshots, ImmutableDictionary<BlockId, int> Seeds)
{
    public static ExpectedMemory None { get; } = new([], ImmutableSortedDictionary<string, long>.Empty, ImmutableDictionary<BlockId, int>.Empty);

    public bool Exists => Versions.Count > 0;

    public ExpectedVersion Head => Versions[^1];

    public ExpectedMemory With(ExpectedVersion version) => this with { Versions = Versions.Add(version) };

    /// <summary>The same, with the head as the store told it.</summary>
    public ExpectedMemory Acknowledged(MemoryVersion head) => this with { Versions = Versions.SetItem(Versions.Count - 1, Head with { Told = head }) };

    /// <summary>How the store differs; null when it does not.</summary>
    public async Task<string?> DifferenceAsync(TestModel model, MemoryCatalog catalog, MemoryKey key)
    {
        MemoryTimeline timeline;
        try
        {
            timeline = catalog.Open(key);
        }
        catch (LatentDbException e) when (e.Code == ErrorCode.MemoryNotFound)
        {
            return Exists ? $"{key} does not exist" : null;
        }

        long head = timeline.Summary.Head.Number.Value;
        if (head != Versions.Count) return $"{key} has head {head}, expected {Versions.Count}";
        string snapshots = string.Join(',', timeline.ListSnapshots().Select(s => $"{s.Name}={s.Version}"));
        string expected = string.Join(',', Snapshots.Select(s => $"{s.Key}={s.Value}"));
        if (snapshots != expected) return $"{key} has snapshots {snapshots}, expected {expected}";
        foreach (ExpectedVersion version in Versions)
        {
            if (await DifferenceAsync(timeline, version) is string difference) return $"{key}: {difference}";
        }

        return await BlockDifferenceAsync(model, catalog.Blocks, key);
    }

    /// <summary>The same, with every version as the store tells it now.</summary>
    public ExpectedMemory Remembered(MemoryCatalog catalog, MemoryKey key)
    {
        if (!Exists) return this;
        MemoryTimeline timeline = catalog.Open(key);
        return this with { Versions = [.. Versions.Select(v => v with { Told = timeline.GetVersion(v.Number) })] };
    }

    private static async Task<string?> DifferenceAsync(MemoryTimeline timeline, ExpectedVersion version)
    {
        VersionedManifest read = await timeline.ReadAsync(new VersionSelector.NumberSelector(version.Number), CancellationToken.None);
        if (version.Told is not null && read.Version != version.Told) return $"version {version.Number} is {read.Version}, told was {version.Told}";
        if (read.Version.OperationId != version.OperationId) return $"version {version.Number} is of operation {read.Version.OperationId}, not {version.OperationId}";
        return TestModel.Fingerprinted(read.Manifest) == TestModel.Fingerprinted(version.Content) ? null : $"version {version.Number} has another manifest";
    }

    private async Task<string?> BlockDifferenceAsync(TestModel model, IBlockSource blocks, MemoryKey key)
    {
        foreach ((BlockId block, int seed) in Seeds)
        {
            foreach (BlockSlice slice in model.SlicesOf(block, seed))
            {
                BlockSlice read = await blocks.ReadAsync(slice.Address, CancellationToken.None);
                if (!read.Tensors[0].Bytes.Span.SequenceEqual(slice.Tensors[0].Bytes.Span)) return $"{key}: slice {slice.Address} has other bytes";
            }
        }

        return null;
    }
}

/// <summary>One version that must be there.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Content">Its manifest.</param>
/// <param name="OperationId">The idempotency key that it was written under.</param>
/// <param name="Told">What the store said of it, once it said something: it must say the same ever after.</param>
internal sealed record ExpectedVersion(VersionNumber Number, Manifest Content, string? OperationId, MemoryVersion? Told = null);
