using System.Text.Json;

namespace LatentDb.Client.Models;

/// <summary>A memory and its head.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Version">Its newest version.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="UpdatedAt">When its newest version was committed.</param>
/// <param name="Model">Short fingerprint of the model that may read it.</param>
/// <param name="Writes">Chunks written so far in the line of the newest version.</param>
/// <param name="OwnedBytes">Stored bytes of its own blocks.</param>
/// <param name="Metadata">The object given at creation.</param>
public sealed record MemoryDescription(
    string Id, long Version, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, string? Model, long Writes, long OwnedBytes, JsonElement? Metadata);

/// <summary>What a new memory is to be.</summary>
/// <param name="Id">1 to 128 of A-Z a-z 0-9 . _ : @ -; null = the server makes one.</param>
/// <param name="Metadata">Any JSON object up to 16 KiB.</param>
public sealed record CreateMemoryRequest(string? Id = null, JsonElement? Metadata = null);

/// <summary>What a fork is to be.</summary>
/// <param name="Id">Name of the new memory; null = the server makes one.</param>
/// <param name="At">Version number, RFC 3339 time or snapshot name; null = the head.</param>
/// <param name="Metadata">Any JSON object up to 16 KiB for the new memory.</param>
public sealed record ForkRequest(string? Id = null, string? At = null, JsonElement? Metadata = null);

/// <summary>A part of a listing.</summary>
/// <param name="Items">The entries.</param>
/// <param name="NextCursor">Where the next part begins; null on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);
