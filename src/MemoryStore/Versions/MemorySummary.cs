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
public sealed record MemorySummary(MemoryKey Key, MemoryUid Uid, HybridTimestamp CreatedAt, MemoryVersion Head, string? Metadata, long OwnedBytes)
{
    /// <summary>Bytes of all blocks that it names, those that a fork borrows included: what counts against a tenant's quota.</summary>
    public long Bytes { get; init; }

    /// <summary>Versions that are kept.</summary>
    public int Versions { get; init; }
}

/// <summary>What a tenant has stored.</summary>
/// <param name="Memories">Its memories.</param>
/// <param name="Bytes">Bytes of the blocks that they name; a block that two of them name counts for each, so that erasing one never makes another grow.</param>
public readonly record struct TenantUsage(long Memories, long Bytes);
