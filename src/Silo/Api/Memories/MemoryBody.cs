using System.Text.Json;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Memories;

/// <summary>A memory as the API shows it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Version">Its head.</param>
/// <param name="CreatedAt">RFC 3339.</param>
/// <param name="UpdatedAt">When the head was committed.</param>
/// <param name="Model">Short fingerprint of the model that may read it.</param>
/// <param name="Writes">Chunks written so far in the line of the head.</param>
/// <param name="OwnedBytes">Stored bytes of its own blocks.</param>
/// <param name="Bytes">Stored bytes of all blocks that it names, those that a fork borrows included: what counts against the tenant's quota.</param>
/// <param name="Versions">Versions that are kept.</param>
/// <param name="Metadata">The caller's object.</param>
internal sealed record MemoryBody(
    string Id, long Version, string CreatedAt, string UpdatedAt, string Model, long Writes, long OwnedBytes, long Bytes, int Versions, JsonElement? Metadata)
{
    public static MemoryBody Of(MemorySummary summary) => new(
        summary.Key.Memory.Value,
        summary.Head.Number.Value,
        summary.CreatedAt.ToString(),
        summary.Head.CommittedAt.ToString(),
        summary.Head.Fingerprint.Short,
        summary.Head.Writes,
        summary.OwnedBytes,
        summary.Bytes,
        summary.Versions,
        MetadataText.Show(summary.Metadata));
}

/// <summary>A page of memories.</summary>
/// <param name="Items">In order of id.</param>
/// <param name="NextCursor">Pass it as cursor for the next page; absent on the last.</param>
internal sealed record MemoryPageBody(MemoryBody[] Items, string? NextCursor);
