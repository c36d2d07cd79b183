namespace LatentDb.Client.Models;

/// <summary>An API key.</summary>
/// <param name="KeyId">Names it; the second part of the key.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Tenant">Whose memories it opens; null for operators' keys.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Status">active, expired or revoked.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">From when on it opens nothing; null = never.</param>
/// <param name="RevokedAt">When it was taken back; null = it was not.</param>
/// <param name="LastUsedAt">When it last opened something; null = never.</param>
/// <param name="Key">The key itself: in the answer that makes it, and never again.</param>
public sealed record ApiKeyDescription(
    string KeyId,
    string Name,
    string? Tenant,
    string Role,
    string Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt,
    DateTimeOffset? LastUsedAt,
    string? Key = null)
{
    /// <summary>Without the key: what is printed or logged must not hold it.</summary>
    public override string ToString() => $"{nameof(ApiKeyDescription)} {{ {nameof(KeyId)} = {KeyId}, {nameof(Role)} = {Role}, {nameof(Status)} = {Status} }}";
}

/// <summary>What a new key is to be.</summary>
/// <param name="Role">One of <see cref="KeyRoles"/>; null for an operator's key.</param>
/// <param name="Name">Up to 100 characters for people to tell keys apart.</param>
/// <param name="ExpiresAt">From when on it opens nothing; null = never.</param>
public sealed record CreateKeyRequest(string? Role = null, string Name = "", DateTimeOffset? ExpiresAt = null);

/// <summary>Who the caller is.</summary>
/// <param name="Tenant">Whose memories requests name.</param>
/// <param name="Role">What the caller may do.</param>
/// <param name="KeyId">The id of the key; null without keys.</param>
/// <param name="Name">The name of the key; null where it has none.</param>
/// <param name="ExpiresAt">When the key ends; null = never.</param>
/// <param name="Keyless">True: the server has no keys, and everybody who reaches it is an operator.</param>
public sealed record CallerDescription(string Tenant, string Role, string? KeyId, string? Name, DateTimeOffset? ExpiresAt, bool Keyless);
