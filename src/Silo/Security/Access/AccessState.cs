using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Security.Keys;

namespace LatentDb.Silo.Security.Access;

/// <summary>All tenants and keys at one moment. Changes are pure: they give the next state or say why there is none.</summary>
/// <param name="Tenants">By id, in ordinal order.</param>
/// <param name="Keys">By id, in ordinal order; revoked and expired ones included.</param>
internal sealed record AccessState(ImmutableSortedDictionary<string, Tenant> Tenants, ImmutableSortedDictionary<string, ApiKey> Keys)
{
    public static readonly AccessState Empty = new(
        ImmutableSortedDictionary.Create<string, Tenant>(StringComparer.Ordinal), ImmutableSortedDictionary.Create<string, ApiKey>(StringComparer.Ordinal));

    /// <summary>The tenant; the default one is there without having been made.</summary>
    public Tenant? Find(TenantId id) =>
        Tenants.TryGetValue(id.Value, out Tenant? tenant) ? tenant
        : id == TenantId.Default ? new Tenant(id, DateTimeOffset.UnixEpoch, TenantLimits.Default)
        : null;

    /// <exception cref="LatentDbException">tenant_not_found.</exception>
    public Tenant Require(TenantId id) => Find(id) ?? throw new LatentDbException(SecurityErrorCode.TenantNotFound, $"Tenant {id} does not exist.");

    /// <summary>The key of that id, if it belongs to that tenant (null = the operators).</summary>
    /// <exception cref="LatentDbException">key_not_found, also for keys of others.</exception>
    public ApiKey RequireKey(string id, TenantId? owner) =>
        Keys.TryGetValue(id, out ApiKey? key) && key.Tenant == owner
            ? key
            : throw new LatentDbException(SecurityErrorCode.KeyNotFound, "There is no key of that id.");

    /// <exception cref="LatentDbException">tenant_not_found, quota_exceeded.</exception>
    public AccessState Add(ApiKey key, DateTimeOffset now)
    {
        if (key.Tenant is { } owner) Require(owner);
        int usable = Keys.Values.Count(k => k.Tenant == key.Tenant && k.IsUsable(now));
        if (usable >= SecurityLimits.MaxKeysPerTenant)
        {
            throw new LatentDbException(SecurityErrorCode.QuotaExceeded, $"There are {usable} usable keys; at most {SecurityLimits.MaxKeysPerTenant} are allowed. Revoke those that nobody needs.");
        }

        AccessState roomy = MakeRoom(now);
        return roomy with { Keys = roomy.Keys.Add(key.Id, key) };
    }

    /// <exception cref="LatentDbException">key_not_found; last_operator_key.</exception>
    public AccessState Revoke(string id, TenantId? owner, DateTimeOffset now, bool hasAdminKey)
    {
        ApiKey key = RequireKey(id, owner);
        if (key.RevokedAt is not null) return this;
        AccessState next = this with { Keys = Keys.SetItem(id, key with { RevokedAt = now }) };
        if (!key.IsLastingOperator || hasAdminKey || next.Keys.Values.Any(k => k.IsLastingOperator)) return next;
        throw new LatentDbException(
            SecurityErrorCode.LastOperatorKey, "This is the last operator key that does not expire; without it nobody could run the server. Create another first.");
    }

    /// <summary>A new secret for the holder of a key: the new key takes its place, the old one ends with the overlap.</summary>
    /// <exception cref="LatentDbException">key_not_found, key_revoked, quota_exceeded.</exception>
    public AccessState Rotate(ApiKey old, ApiKey successor, DateTimeOffset oldEndsAt, DateTimeOffset now)
    {
        ApiKey current = RequireKey(old.Id, old.Tenant);
        if (!current.IsUsable(now)) throw new LatentDbException(SecurityErrorCode.KeyRevoked, "The key is revoked or expired; create a new one.");
        AccessState added = Add(successor, now);
        return added with { Keys = added.Keys.SetItem(old.Id, current with { ExpiresAt = current.ExpiresAt < oldEndsAt ? current.ExpiresAt : oldEndsAt }) };
    }

    /// <exception cref="LatentDbException">tenant_exists, quota_exceeded.</exception>
    public AccessState Add(Tenant tenant)
    {
        if (Find(tenant.Id) is not null) throw new LatentDbException(SecurityErrorCode.TenantExists, $"Tenant {tenant.Id} exists already.");
        if (Tenants.Count >= SecurityLimits.MaxTenants) throw new LatentDbException(SecurityErrorCode.QuotaExceeded, $"There are {Tenants.Count} tenants; no more are allowed.");
        return this with { Tenants = Tenants.Add(tenant.Id.Value, tenant) };
    }

    /// <exception cref="LatentDbException">tenant_not_found.</exception>
    public AccessState Update(Tenant tenant)
    {
        Require(tenant.Id);
        return this with { Tenants = Tenants.SetItem(tenant.Id.Value, tenant) };
    }

    /// <summary>Takes away a tenant and its keys.</summary>
    /// <exception cref="LatentDbException">tenant_not_found; tenant_in_use for the default one, which is always there.</exception>
    public AccessState Remove(TenantId id)
    {
        Require(id);
        if (id == TenantId.Default) throw new LatentDbException(SecurityErrorCode.TenantInUse, "The default tenant is always there; suspend it instead.");
        return new AccessState(Tenants.Remove(id.Value), Keys.RemoveRange(Keys.Values.Where(k => k.Tenant == id).Select(k => k.Id)));
    }

    /// <summary>When the table is full, the key that has been of no use for longest goes.</summary>
    private AccessState MakeRoom(DateTimeOffset now)
    {
        if (Keys.Count < SecurityLimits.MaxKeys) return this;
        ApiKey? oldest = Keys.Values.Where(k => !k.IsUsable(now)).MinBy(k => k.RevokedAt ?? k.ExpiresAt);
        if (oldest is null) throw new LatentDbException(SecurityErrorCode.QuotaExceeded, $"There are {Keys.Count} keys; no more are allowed.");
        return this with { Keys = Keys.Remove(oldest.Id) };
    }
}
