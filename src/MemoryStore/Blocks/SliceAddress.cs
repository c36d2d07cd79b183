using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Blocks;

/// <summary>Names one stored slice: a block, a layer, a part. Never a place in a log, because compaction moves slices.</summary>
public readonly record struct SliceAddress(BlockId Block, int Layer, SlicePart Part)
{
    public override string ToString() => $"{Block} layer {Layer} ({Part})";
}
