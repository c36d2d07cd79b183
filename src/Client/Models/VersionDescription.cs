using System.Text.Json;

namespace LatentDb.Client.Models;

/// <summary>One version of a memory.</summary>
/// <param name="Version">Its number.</param>
/// <param name="Parent">The head before it; null for the first.</param>
/// <param name="Cause">create, inject, rollback, fork or import.</param>
/// <param name="RestoredFrom">For a rollback: the version whose content it has.</param>
/// <param name="CommittedAt">Exact to 100 ns: a read at this time sees it.</param>
/// <param name="Tokens">Tokens injected by it.</param>
/// <param name="Chunks">Pieces they were written in.</param>
/// <param name="Writes">Chunks written so far in its line.</param>
/// <param name="BlockBytes">Stored bytes of the blocks that it added.</param>
/// <param name="Seed">What its drops were drawn from.</param>
/// <param name="Model">Short fingerprint of the model.</param>
/// <param name="IdempotencyKey">The key it was made under.</param>
/// <param name="Author">Id of the API key that made it.</param>
/// <param name="Metadata">The object given with the write.</param>
/// <param name="ForkedFrom">For a fork: the version whose content it has.</param>
/// <param name="HasText">The injected text was kept and can be read.</param>
public sealed record VersionDescription(
    long Version,
    long? Parent,
    string Cause,
    long? RestoredFrom,
    DateTimeOffset CommittedAt,
    int Tokens,
    int Chunks,
    long Writes,
    long BlockBytes,
    ulong Seed,
    string? Model,
    string? IdempotencyKey,
    string? Author = null,
    JsonElement? Metadata = null,
    ForkSource? ForkedFrom = null,
    bool HasText = false);

/// <summary>Where a fork comes from.</summary>
/// <param name="Id">Name of the memory at that time; it may be gone or be another one now.</param>
/// <param name="Version">Its version.</param>
public sealed record ForkSource(string Id, long Version);

/// <summary>What a version injected: either text or messages.</summary>
public sealed record VersionText(long Version, string? Text, IReadOnlyList<Message>? Messages);

/// <summary>A name for a version.</summary>
public sealed record SnapshotDescription(string Name, long Version, DateTimeOffset CreatedAt);

/// <summary>What a rollback did.</summary>
/// <param name="Id">The memory.</param>
/// <param name="Version">The new head.</param>
/// <param name="RestoredFrom">The version whose content it has.</param>
/// <param name="CommittedAt">When it became visible.</param>
public sealed record RollbackAnswer(string Id, long Version, long RestoredFrom, DateTimeOffset CommittedAt);
