using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Contracts;

/// <summary>Creates a memory that begins with the content of another one's version.</summary>
/// <param name="Source">The other memory; it is only read, and stays what it is.</param>
/// <param name="At">Its version.</param>
/// <param name="Metadata">A JSON object as text for the new memory; null = none.</param>
/// <param name="Origin">Who asks.</param>
public sealed record ForkCommand(MemoryKey Source, VersionSelector At, string? Metadata, WriteOrigin Origin);
