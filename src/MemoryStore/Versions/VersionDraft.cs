using System.Collections.Immutable;
using LatentDb.MemoryStore.Versions.Operations;

namespace LatentDb.MemoryStore.Versions;

/// <summary>What an inject asks the store to commit, before it has a number.</summary>
/// <param name="Deltas">One per chunk, in order; applied to the head.</param>
/// <param name="Fingerprint">The model that wrote the blocks.</param>
/// <param name="Seed">What the drops were drawn from.</param>
/// <param name="Tokens">Source tokens.</param>
/// <param name="OperationId">The caller's idempotency key, if any; at most 128 characters.</param>
public sealed record VersionDraft(
    ImmutableArray<ManifestDelta> Deltas,
    ModelFingerprint Fingerprint,
    ulong Seed,
    int Tokens,
    string? OperationId)
{
    /// <summary>What was asked for, for the comparison with a second request under the same key; null = the key alone decides.</summary>
    public RequestDigest? Digest { get; init; }

    /// <summary>The item of an accepted operation that this makes; null = none.</summary>
    public OperationStep? Step { get; init; }

    /// <summary>Id of the API key that asked; at most 64 characters.</summary>
    public string? Author { get; init; }

    /// <summary>A JSON object as text that is kept with the version; null = none.</summary>
    public string? Metadata { get; init; }

    /// <summary>The source text, when it is to be kept with the version; null = not kept.</summary>
    public string? Text { get; init; }
}
