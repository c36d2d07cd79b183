using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Integrity;

/// <summary>Which versions of one memory have rows of which block in which layer. Fed in ascending order of versions.</summary>
internal sealed class BlockUse
{
    private readonly Dictionary<(BlockId Block, int Layer), ImmutableArray<VersionSpan>.Builder> _versions = [];

    public IEnumerable<BlockId> Blocks => _versions.Keys.Select(k => k.Block).Distinct();

    public void Add(VersionNumber version, Manifest manifest)
    {
        Span<bool> isUsed = manifest.Blocks.Length <= 1024 ? stackalloc bool[manifest.Blocks.Length] : new bool[manifest.Blocks.Length];
        for (int layer = 0; layer < manifest.Layers.Length; layer++)
        {
            isUsed.Clear();
            foreach (RowRun run in manifest.Layers[layer].Pool) isUsed[run.Block] = true;
            foreach (BankRun run in manifest.Layers[layer].Bank) isUsed[run.Block] = true;
            for (int block = 0; block < isUsed.Length; block++)
            {
                if (isUsed[block]) SpansOf((manifest.Blocks[block].Id, layer)).Append(version);
            }
        }
    }

    /// <summary>Versions that need a slice: rows of its layer, or, for hidden rows, of any layer.</summary>
    public ImmutableArray<VersionSpan> Of(SliceAddress address)
    {
        if (address.Part != SlicePart.Read) return OfBlock(address.Block);
        return _versions.TryGetValue((address.Block, address.Layer), out ImmutableArray<VersionSpan>.Builder? spans) ? spans.ToImmutable() : [];
    }

    public ImmutableArray<VersionSpan> OfBlock(BlockId block) => VersionSpans.Union(_versions.Where(v => v.Key.Block == block).SelectMany(v => v.Value));

    private ImmutableArray<VersionSpan>.Builder SpansOf((BlockId Block, int Layer) key)
    {
        if (!_versions.TryGetValue(key, out ImmutableArray<VersionSpan>.Builder? spans)) _versions.Add(key, spans = ImmutableArray.CreateBuilder<VersionSpan>(1));
        return spans;
    }
}
