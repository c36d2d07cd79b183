using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Transfer.Content;

/// <summary>The first record: which memory an archive holds, and what of it.</summary>
/// <param name="Key">Its name where it was exported.</param>
/// <param name="CreatedAt">When it was created there.</param>
/// <param name="Fingerprint">The only model that can read it.</param>
/// <param name="Metadata">The caller's JSON object, as text; null when none was given.</param>
/// <param name="Layers">Layers of the model.</param>
/// <param name="Extent">All its versions, or one.</param>
/// <param name="Head">The newest version that follows.</param>
/// <param name="Versions">How many versions follow.</param>
internal sealed record ArchivedMemory(
    MemoryKey Key,
    HybridTimestamp CreatedAt,
    ModelFingerprint Fingerprint,
    string? Metadata,
    int Layers,
    ArchiveExtent Extent,
    VersionNumber Head,
    long Versions);

/// <summary>What of a memory an archive holds. The values are part of the format.</summary>
internal enum ArchiveExtent
{
    /// <summary>Every version that retention had kept, with its number, and all snapshots.</summary>
    AllVersions = 1,

    /// <summary>The content of one version, to begin another memory with.</summary>
    OneVersion = 2,
}

/// <summary>A block begins.</summary>
/// <param name="Id">Its name where it was exported; the target gives it another.</param>
/// <param name="Slices">How many slices follow.</param>
internal readonly record struct ArchivedBlock(BlockId Id, int Slices);

/// <summary>
/// One version. Exactly one content: the genesis (none of the others), deltas on the content of the version before it in the archive, an image, or
/// that of an earlier version.
/// </summary>
internal sealed record ArchivedVersion(
    MemoryVersion Version, ImmutableArray<ManifestDelta> Deltas, Manifest? Image, VersionNumber? SameAs, string? Text)
{
    public bool IsGenesis => Deltas.IsEmpty && Image is null && SameAs is null;
}
