using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Versions;

/// <summary>What a listing tells of one memory.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Uid">Its identity inside the store.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="Head">Its newest version.</param>
/// <param name="Metadata">The caller's JSON object, as text; null when none was given.</param>
/// <param name="OwnedBytes">Bytes of the blocks that it wrote itself (genesis not counted).</param>
public sealed record MemorySummary(MemoryKey Key, MemoryUid Uid, HybridTimestamp CreatedAt, MemoryVersion Head, string? Metadata, long OwnedBytes);
