using System.Globalization;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Keys;

namespace LatentDb.Silo.Admin.Keys;

/// <summary>A key as the API shows it: never its secret.</summary>
/// <param name="KeyId">Names it; the second part of the key.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Tenant">Whose memories it opens; absent for operators' keys.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Status">active, expired or revoked.</param>
/// <param name="CreatedAt">RFC 3339.</param>
/// <param name="ExpiresAt">From when on it opens nothing; absent = never.</param>
/// <param name="RevokedAt">When it was taken back; absent = it was not.</param>
/// <param name="LastUsedAt">When it last opened something, to the second; absent = never.</param>
/// <param name="Key">The key itself: in the answer that makes it, and never again.</param>
internal sealed record KeyBody(
    string KeyId, string Name, string? Tenant, Role Role, KeyStatus Status, string CreatedAt, string? ExpiresAt, string? RevokedAt, string? LastUsedAt, string? Key = null)
{
    public static KeyBody Of(ApiKey key, DateTimeOffset now) => new(
        key.Id, key.Name, key.Tenant?.Value, key.Role, StatusOf(key, now), Text(key.CreatedAt), Text(key.ExpiresAt), Text(key.RevokedAt), Text(key.Use.Last));

    /// <summary>RFC 3339, UTC.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string? Text(DateTimeOffset? time) => time is { } known ? Text(known) : null;

    private static KeyStatus StatusOf(ApiKey key, DateTimeOffset now) =>
        key.RevokedAt is not null ? KeyStatus.Revoked : key.IsUsable(now) ? KeyStatus.Active : KeyStatus.Expired;
}

/// <summary>What a key is good for now.</summary>
internal enum KeyStatus
{
    /// <summary>It opens what its role allows.</summary>
    Active,

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>It was taken back.</summary>
    Revoked,
}

/// <summary>A page of keys.</summary>
/// <param name="Items">In order of id.</param>
/// <param name="NextCursor">Pass it as cursor for the next page; absent on the last.</param>
internal sealed record KeyPageBody(KeyBody[] Items, string? NextCursor);
