using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Contracts;

/// <summary>Names a version.</summary>
/// <param name="Name">The new name.</param>
/// <param name="At">The version; the head by default.</param>
public sealed record SnapshotCommand(SnapshotName Name, VersionSelector At);
