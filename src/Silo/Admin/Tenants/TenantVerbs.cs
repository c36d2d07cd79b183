using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.Silo.Http;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Access;

namespace LatentDb.Silo.Admin.Tenants;

/// <summary>Makes, shows, limits, suspends and takes away tenants.</summary>
internal sealed class TenantVerbs(AccessCatalog catalog, MemoryCatalog memories, BodyReader reader, TimeProvider time)
{
    /// <param name="Id">1 to 128 of A-Z a-z 0-9 . _ : @ -.</param>
    /// <param name="Limits">Where its limits differ from everybody's.</param>
    internal sealed record CreateBody(string Id, TenantLimits? Limits = null);

    /// <param name="Suspended">True: its keys open nothing; false: they do again; absent: as it is.</param>
    /// <param name="Limits">Takes the place of all its limits; absent: as they are.</param>
    internal sealed record UpdateBody(bool? Suspended = null, TenantLimits? Limits = null);

    public async Task<IResult> CreateAsync(HttpContext context, CancellationToken cancellationToken)
    {
        CreateBody body = await reader.ReadAsync<CreateBody>(context.Request, cancellationToken).ConfigureAwait(false);
        var tenant = new Tenant(TenantId.Parse(body.Id), time.GetUtcNow(), Check(body.Limits) ?? TenantLimits.Default);
        await catalog.ChangeAsync(state => state.Add(tenant), cancellationToken).ConfigureAwait(false);
        context.Response.Headers.Location = $"/v1/admin/tenants/{Uri.EscapeDataString(tenant.Id.Value)}";
        return Results.Json(Show(tenant), ApiJson.Options, statusCode: StatusCodes.Status201Created);
    }

    public IResult List(HttpRequest request)
    {
        int limit = PageCursor.Limit(request);
        string? after = PageCursor.Decode(request);
        AccessState state = catalog.State;
        IEnumerable<Tenant> all = state.Tenants.ContainsKey(TenantId.Default.Value) ? state.Tenants.Values : state.Tenants.Values.Append(state.Require(TenantId.Default)).OrderBy(t => t.Id.Value, StringComparer.Ordinal);
        TenantBody[] page = [.. all.Where(t => string.CompareOrdinal(t.Id.Value, after) > 0).Take(limit + 1).Select(Show)];
        bool hasMore = page.Length > limit;
        return Results.Json(new TenantPageBody(hasMore ? page[..limit] : page, hasMore ? PageCursor.Encode(page[limit - 1].Id) : null), ApiJson.Options);
    }

    public IResult Get(string tenant) => Results.Json(Show(catalog.State.Require(TenantId.Parse(tenant))), ApiJson.Options);

    public async Task<IResult> UpdateAsync(string tenant, HttpContext context, CancellationToken cancellationToken)
    {
        TenantId id = TenantId.Parse(tenant);
        UpdateBody body = await reader.ReadAsync<UpdateBody>(context.Request, cancellationToken).ConfigureAwait(false);
        Check(body.Limits);
        AccessState next = await catalog.ChangeAsync(state => state.Update(Change(state.Require(id), body)), cancellationToken).ConfigureAwait(false);
        return Results.Json(Show(next.Require(id)), ApiJson.Options);
    }

    /// <summary>Takes away the tenant and its keys, but never memories: who wants those gone erases them one by one.</summary>
    public async Task<IResult> DeleteAsync(string tenant, CancellationToken cancellationToken)
    {
        TenantId id = TenantId.Parse(tenant);
        await catalog.ChangeAsync(state => RequireEmpty(id, state).Remove(id), cancellationToken).ConfigureAwait(false);
        return Results.NoContent();
    }

    private AccessState RequireEmpty(TenantId id, AccessState state)
    {
        state.Require(id);
        long left = memories.UsageOf(id).Memories;
        return left == 0 ? state : throw new LatentDbException(SecurityErrorCode.TenantInUse, $"Tenant {id} still has {left} memories; erase them first.");
    }

    private Tenant Change(Tenant tenant, UpdateBody body) => tenant with
    {
        Limits = body.Limits ?? tenant.Limits,
        SuspendedAt = body.Suspended switch { true => tenant.SuspendedAt ?? time.GetUtcNow(), false => null, null => tenant.SuspendedAt },
    };

    private static TenantLimits? Check(TenantLimits? limits)
    {
        long?[] values = [limits?.Memories, limits?.Bytes, limits?.RequestsPerMinute, limits?.InjectsPerMinute, limits?.TokensPerMinute, limits?.ConcurrentGenerations];
        return values.All(v => v is null or >= 0) ? limits : throw new LatentDbException(ErrorCode.InvalidRequest, "Limits are 0 (none) or more.");
    }

    private TenantBody Show(Tenant tenant) => TenantBody.Of(tenant, memories.UsageOf(tenant.Id));
}
