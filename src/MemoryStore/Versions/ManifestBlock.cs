using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Versions;

/// <summary>A block that a manifest refers to.</summary>
/// <param name="Id">The block.</param>
/// <param name="WrittenAt">The write that added it, counted from 1 in the line of versions that leads here; 0 = genesis.</param>
/// <param name="Rows">Rows of the block in each layer.</param>
public readonly record struct ManifestBlock(BlockId Id, long WrittenAt, int Rows);
