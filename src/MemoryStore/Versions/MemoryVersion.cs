using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Versions;

/// <summary>What is known of one committed version without its manifest.</summary>
/// <param name="Number">1 for the new memory, then one more per commit.</param>
/// <param name="Parent">The version that was head before; null for the first.</param>
/// <param name="Cause">Why it exists.</param>
/// <param name="RestoredFrom">For a rollback: the version whose content this one has.</param>
/// <param name="CommittedAt">When it became visible; strictly increasing within a shard.</param>
/// <param name="Fingerprint">The model that may read it.</param>
/// <param name="Seed">What the drops of this inject were drawn from; 0 where nothing was drawn.</param>
/// <param name="Tokens">Source tokens injected by this version.</param>
/// <param name="Chunks">Chunks they were cut into.</param>
/// <param name="Writes">Chunks written in the line of versions that leads here.</param>
/// <param name="BlockBytes">Bytes of the blocks that this version added.</param>
/// <param name="OperationId">The caller's idempotency key, if any.</param>
public sealed record MemoryVersion(
    VersionNumber Number,
    VersionNumber? Parent,
    VersionCause Cause,
    VersionNumber? RestoredFrom,
    HybridTimestamp CommittedAt,
    ModelFingerprint Fingerprint,
    ulong Seed,
    int Tokens,
    int Chunks,
    long Writes,
    long BlockBytes,
    string? OperationId)
{
    /// <summary>Id of the API key that asked for it; null = unknown.</summary>
    public string? Author { get; init; }

    /// <summary>What the caller said about this write: a JSON object as text; null = nothing.</summary>
    public string? Metadata { get; init; }

    /// <summary>For the first version of a fork or an import: where its content comes from.</summary>
    public ForkSource? ForkedFrom { get; init; }

    /// <summary>True when the injected text was kept with the version.</summary>
    public bool HasText { get; init; }
}
