namespace LatentDb.MemoryStore.Versions;

/// <summary>A version together with its content: what a query reads and an inject builds on.</summary>
public sealed record VersionedManifest(MemoryVersion Version, Manifest Manifest);
