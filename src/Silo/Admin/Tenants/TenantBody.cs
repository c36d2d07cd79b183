using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Admin.Keys;
using LatentDb.Silo.Security.Access;

namespace LatentDb.Silo.Admin.Tenants;

/// <summary>A tenant as operators see it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="CreatedAt">RFC 3339; absent for the default tenant as long as nobody has changed it.</param>
/// <param name="SuspendedAt">Since when its keys open nothing; absent = they do.</param>
/// <param name="Limits">Where its limits differ from everybody's: absent = as everybody, 0 = without limit.</param>
/// <param name="Memories">Memories that it has.</param>
/// <param name="Bytes">Stored bytes of them.</param>
internal sealed record TenantBody(string Id, string? CreatedAt, string? SuspendedAt, TenantLimits Limits, long Memories, long Bytes)
{
    public static TenantBody Of(Tenant tenant, TenantUsage used) => new(
        tenant.Id.Value,
        tenant.CreatedAt == DateTimeOffset.UnixEpoch ? null : KeyBody.Text(tenant.CreatedAt),
        KeyBody.Text(tenant.SuspendedAt),
        tenant.Limits,
        used.Memories,
        used.Bytes);
}

/// <summary>A page of tenants.</summary>
/// <param name="Items">In order of id.</param>
/// <param name="NextCursor">Pass it as cursor for the next page; absent on the last.</param>
internal sealed record TenantPageBody(TenantBody[] Items, string? NextCursor);
