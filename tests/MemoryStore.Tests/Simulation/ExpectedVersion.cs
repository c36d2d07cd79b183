using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>One version that must be there.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Content">Its manifest, in which blocks other than the genesis have names of <see cref="BlockOf"/>: a fork may give them others.</param>
/// <param name="OperationId">The idempotency key that it was written under.</param>
/// <param name="Text">The text that was kept with it.</param>
/// <param name="Told">What the store said of it, once it said something: it must say the same ever after.</param>
internal sealed record ExpectedVersion(VersionNumber Number, Manifest Content, string? OperationId, string? Text = null, MemoryVersion? Told = null)
{
    /// <summary>A name for the block that <see cref="TestModel"/> makes from a seed.</summary>
    public static BlockId BlockOf(int seed) => new(default, seed);

    /// <summary>How the store differs; null when it does not.</summary>
    /// <param name="model">Makes the same blocks again.</param>
    /// <param name="timeline">The memory.</param>
    /// <param name="blocks">Where blocks are read.</param>
    /// <param name="read">Blocks that were compared already.</param>
    public async Task<string?> DifferenceAsync(TestModel model, MemoryTimeline timeline, IBlockSource blocks, HashSet<BlockId> read)
    {
        VersionedManifest found = await timeline.ReadAsync(new VersionSelector.NumberSelector(Number), CancellationToken.None);
        if (Told is not null && found.Version != Told) return $"version {Number} is {found.Version}, told was {Told}";
        if (found.Version.OperationId != OperationId) return $"version {Number} is of operation {found.Version.OperationId}, not {OperationId}";
        if (found.Version.HasText != Text is not null || await timeline.ReadTextAsync(Number, CancellationToken.None) != Text) return $"version {Number} has another text";
        if (found.Manifest.Blocks.Length != Content.Blocks.Length) return $"version {Number} names {found.Manifest.Blocks.Length} blocks, not {Content.Blocks.Length}";
        Manifest renamed = found.Manifest with { Blocks = [.. found.Manifest.Blocks.Select((block, i) => block with { Id = Content.Blocks[i].Id })] };
        if (TestModel.Fingerprinted(renamed) != TestModel.Fingerprinted(Content)) return $"version {Number} has another manifest";
        for (int i = 0; i < Content.Blocks.Length; i++)
        {
            if (Content.Blocks[i].Id.Owner != default || !read.Add(found.Manifest.Blocks[i].Id)) continue;
            if (!await IsEqualAsync(model, blocks, found.Manifest.Blocks[i].Id, (int)Content.Blocks[i].Id.Sequence)) return $"version {Number}: block {found.Manifest.Blocks[i].Id} has other bytes";
        }

        return null;
    }

    private static async Task<bool> IsEqualAsync(TestModel model, IBlockSource blocks, BlockId block, int seed)
    {
        foreach (BlockSlice slice in model.SlicesOf(block, seed))
        {
            BlockSlice read = await blocks.ReadAsync(slice.Address, CancellationToken.None);
            if (!read.Tensors[0].Bytes.Span.SequenceEqual(slice.Tensors[0].Bytes.Span)) return false;
        }

        return true;
    }
}
