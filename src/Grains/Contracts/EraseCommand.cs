using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Contracts;

/// <summary>Erases a memory for good.</summary>
/// <param name="ExpectedHead">Refuse unless this is the head; null = any.</param>
/// <param name="Origin">Who asks, and the idempotency key.</param>
public sealed record EraseCommand(VersionNumber? ExpectedHead, WriteOrigin Origin);
