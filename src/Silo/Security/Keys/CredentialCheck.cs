using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Security.Access;
using Microsoft.Extensions.Primitives;

namespace LatentDb.Silo.Security.Keys;

/// <summary>Compares what a request brings with what is kept.</summary>
internal sealed class CredentialCheck(AccessCatalog catalog, TimeProvider time)
{
    private const string Scheme = "Bearer ";

    public Credential Check(StringValues header)
    {
        if (header.Count == 0) return new Credential.Missing();
        string? text = header.Count == 1 ? header[0] : null;
        if (text?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) != true || text.Length > SecurityLimits.MaxCredentialLength) return new Credential.Bad(null);
        string presented = text[Scheme.Length..].Trim();
        if (catalog.AdminKey.Matches(presented)) return new Credential.Good(new Caller(TenantId.Default, Role.Operator, AdminKey.Id));
        return KeyText.TryParse(presented) is { } parsed ? CheckKey(parsed) : new Credential.Bad(null);
    }

    /// <summary>The secret is compared first and in any case, so that time and answer tell nothing of keys to who has none.</summary>
    private Credential CheckKey(KeyText presented)
    {
        ApiKey? key = catalog.State.Keys.GetValueOrDefault(presented.Id);
        if (!SecretHash.Matches(SecretHash.Of(presented), key?.Hash) || key!.RevokedAt is not null) return new Credential.Bad(presented.Id);
        DateTimeOffset now = time.GetUtcNow();
        if (key.ExpiresAt <= now) return new Credential.Expired(key);
        catalog.Touch(key, now);
        return new Credential.Good(new Caller(key.Tenant ?? TenantId.Default, key.Role, key.Id) { ExpiresAt = key.ExpiresAt });
    }
}
