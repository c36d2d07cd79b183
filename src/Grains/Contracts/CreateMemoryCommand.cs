using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Contracts;

/// <summary>Creates a memory.</summary>
/// <param name="Metadata">A JSON object as text, kept as it is; null = none.</param>
/// <param name="Origin">Who asks.</param>
public sealed record CreateMemoryCommand(string? Metadata, WriteOrigin Origin);
