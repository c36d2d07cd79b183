using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Contracts;

/// <summary>A version that will probably be asked soon.</summary>
/// <param name="Version">The version.</param>
/// <param name="Source">Where its blocks are read.</param>
public sealed record PrefetchRequest(VersionedManifest Version, IBlockSource Source)
{
    /// <summary>The memory that it belongs to; decides which silo of a cluster is told. Null = unknown.</summary>
    public MemoryUid? Memory { get; init; }

    /// <summary>On whose account the rows are held.</summary>
    public string Flow { get; init; } = string.Empty;
}
