using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Versions;

/// <summary>A name that pins a version.</summary>
public sealed record Snapshot(SnapshotName Name, VersionNumber Version, HybridTimestamp CreatedAt);
