using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Versions;

/// <summary>Where a fork, or an imported memory, came from.</summary>
/// <param name="Memory">Name of the source at that time; it may be gone or be another memory now.</param>
/// <param name="Version">Its version whose content the first version has.</param>
public sealed record ForkSource(MemoryKey Memory, VersionNumber Version);
