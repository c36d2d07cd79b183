using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Transfer.Content;

/// <summary>What the target knows of an archive's model.</summary>
/// <param name="Genesis">What every memory of the model begins with.</param>
/// <param name="GenesisOwner">Uid that the blocks of the genesis are named after; the same in every store.</param>
/// <param name="Shapes">Columns of the genesis in its first layer, by part.</param>
internal sealed record ImportModel(Manifest Genesis, MemoryUid GenesisOwner, IReadOnlyDictionary<SlicePart, SliceShape> Shapes);
