using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Contracts;

/// <summary>Makes a new head with the content of an older version.</summary>
/// <param name="To">The version to restore.</param>
/// <param name="ExpectedHead">Refuse unless this is the head; null = any.</param>
/// <param name="Origin">Who asks, and the idempotency key.</param>
public sealed record RollbackCommand(VersionSelector To, VersionNumber? ExpectedHead, WriteOrigin Origin);
