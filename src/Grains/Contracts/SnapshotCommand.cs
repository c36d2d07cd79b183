using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Contracts;

/// <summary>Names a version.</summary>
/// <param name="Name">The new name.</param>
/// <param name="At">The version; the head by default.</param>
/// <param name="ExpectedHead">Refuse unless this is the head; null = any.</param>
/// <param name="Origin">Who asks, and the idempotency key.</param>
public sealed record SnapshotCommand(SnapshotName Name, VersionSelector At, VersionNumber? ExpectedHead, WriteOrigin Origin);

/// <summary>Takes a name away.</summary>
/// <param name="Name">The name.</param>
/// <param name="Origin">Who asks, and the idempotency key.</param>
public sealed record DeleteSnapshotCommand(SnapshotName Name, WriteOrigin Origin);
