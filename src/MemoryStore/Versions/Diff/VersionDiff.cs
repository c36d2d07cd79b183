using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Versions.Diff;

/// <summary>What became of one memory between two of its versions, in either direction of time.</summary>
/// <param name="From">The version to start from.</param>
/// <param name="To">The version to arrive at; may be older.</param>
/// <param name="Between">The versions in (from, to], or in (to, from] when <paramref name="To"/> is the older one; ascending, without those that retention has dropped.</param>
/// <param name="BlocksAdded">Blocks of which <paramref name="To"/> holds rows and <paramref name="From"/> holds none, in the order of writing.</param>
/// <param name="BlocksRemoved">Blocks of which <paramref name="From"/> holds rows and <paramref name="To"/> holds none, in the order of writing.</param>
/// <param name="Layers">One entry per layer of the model.</param>
public sealed record VersionDiff(
    MemoryVersion From,
    MemoryVersion To,
    ImmutableArray<MemoryVersion> Between,
    ImmutableArray<BlockId> BlocksAdded,
    ImmutableArray<BlockId> BlocksRemoved,
    ImmutableArray<LayerDiff> Layers)
{
    /// <summary>Compares two versions of one memory. Pure; O(runs log runs).</summary>
    /// <param name="from">The version to start from.</param>
    /// <param name="to">The version to arrive at.</param>
    /// <param name="between">The versions after the older of the two, up to and with the newer one, ascending.</param>
    /// <exception cref="ArgumentException">The two are not versions of one model, or <paramref name="between"/> is out of order.</exception>
    public static VersionDiff Compare(VersionedManifest from, VersionedManifest to, ImmutableArray<MemoryVersion> between)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        if (from.Version.Fingerprint != to.Version.Fingerprint) throw new ArgumentException("Versions of two models have no rows in common.", nameof(to));
        if (from.Manifest.Layers.Length != to.Manifest.Layers.Length) throw new ArgumentException("Versions of one model have equally many layers.", nameof(to));
        for (int i = 1; i < between.Length; i++)
        {
            if (between[i].Number <= between[i - 1].Number) throw new ArgumentException($"Version {between[i].Number} stands after {between[i - 1].Number}.", nameof(between));
        }

        return new ManifestComparison(from, to, between).Run();
    }
}
