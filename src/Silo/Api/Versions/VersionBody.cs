using System.Text.Json;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Versions;

/// <summary>A version as the API shows it.</summary>
/// <param name="Version">Its number.</param>
/// <param name="Parent">The head before it; absent for the first.</param>
/// <param name="Cause">create, inject, rollback, fork or import.</param>
/// <param name="RestoredFrom">For a rollback: the version whose content it has.</param>
/// <param name="CommittedAt">RFC 3339, exact: a read at this time sees it.</param>
/// <param name="Tokens">Tokens injected by it.</param>
/// <param name="Chunks">Pieces they were written in.</param>
/// <param name="Writes">Chunks written so far in its line.</param>
/// <param name="BlockBytes">Stored bytes of the blocks that it added.</param>
/// <param name="Seed">What its drops were drawn from.</param>
/// <param name="Model">Short fingerprint of the model.</param>
/// <param name="IdempotencyKey">The key it was made under.</param>
/// <param name="Author">Id of the API key that made it.</param>
/// <param name="Metadata">The caller's object.</param>
/// <param name="ForkedFrom">For a fork: the version whose content it has.</param>
/// <param name="HasText">True when the injected text was kept and can be read.</param>
internal sealed record VersionBody(
    long Version,
    long? Parent,
    VersionCause Cause,
    long? RestoredFrom,
    string CommittedAt,
    int Tokens,
    int Chunks,
    long Writes,
    long BlockBytes,
    ulong Seed,
    string Model,
    string? IdempotencyKey,
    string? Author,
    JsonElement? Metadata,
    ForkSourceBody? ForkedFrom,
    bool HasText)
{
    public static VersionBody Of(MemoryVersion version) => new(
        version.Number.Value,
        version.Parent?.Value,
        version.Cause,
        version.RestoredFrom?.Value,
        version.CommittedAt.ToString(),
        version.Tokens,
        version.Chunks,
        version.Writes,
        version.BlockBytes,
        version.Seed,
        version.Fingerprint.Short,
        KeyOf(version),
        version.Author,
        MetadataText.Show(version.Metadata),
        version.ForkedFrom is { } source ? new ForkSourceBody(source.Memory.Memory.Value, source.Version.Value) : null,
        version.HasText);

    /// <summary>The key as its caller sent it: those of a batch's items end with a mark and their place, which are ours, and so is all of a key that begins with the mark.</summary>
    private static string? KeyOf(MemoryVersion version) => version.OperationId?.Split('\u001f')[0] is { Length: > 0 } key ? key : null;
}

/// <summary>Where a fork comes from.</summary>
/// <param name="Id">Name of the memory at that time; it may be gone or be another one now.</param>
/// <param name="Version">Its version.</param>
internal sealed record ForkSourceBody(string Id, long Version);

/// <summary>A page of versions, newest first.</summary>
internal sealed record VersionPageBody(VersionBody[] Items, string? NextCursor);
