using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions.Deltas;

namespace LatentDb.MemoryStore.Versions;

/// <summary>
/// What one write (one injected chunk) makes of a manifest: a new block, and per layer which rows leave and which join. Stored instead of the
/// whole manifest, so that a version costs O(rows written), not O(bank).
/// </summary>
/// <param name="Block">The new block.</param>
/// <param name="BlockRows">Its rows in each layer.</param>
/// <param name="Layers">One entry per layer.</param>
public sealed record ManifestDelta(BlockId Block, int BlockRows, ImmutableArray<LayerDelta> Layers)
{
    /// <summary>The manifest after this write. Pure; the argument is not changed.</summary>
    /// <exception cref="Errors.LatentDbException">data_damaged when the delta does not fit the manifest.</exception>
    public Manifest Apply(Manifest manifest) => DeltaApplication.Apply(manifest, this);
}
