using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Http;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Access;

namespace LatentDb.Silo.Admin.Tenants;

/// <summary>Makes, shows, limits, suspends and takes away tenants.</summary>
internal sealed class TenantVerbs(AccessCatalog catalog, ITenantUsage usage, IGrainHost grains, BodyReader reader, TimeProvider time)
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
        return Results.Json(await ShowAsync(tenant, cancellationToken).ConfigureAwait(false), ApiJson.Options, statusCode: StatusCodes.Status201Created);
    }

    public async Task<IResult> ListAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        int limit = PageCursor.Limit(request);
        string? after = PageCursor.Decode(request);
        AccessState state = catalog.State;
        IEnumerable<Tenant> all = state.Tenants.ContainsKey(TenantId.Default.Value) ? state.Tenants.Values : state.Tenants.Values.Append(state.Require(TenantId.Default)).OrderBy(t => t.Id.Value, StringComparer.Ordinal);
        Tenant[] found = [.. all.Where(t => string.CompareOrdinal(t.Id.Value, after) > 0).Take(limit + 1)];
        bool hasMore = found.Length > limit;
        var page = new List<TenantBody>();
        foreach (Tenant tenant in found.Take(limit)) page.Add(await ShowAsync(tenant, cancellationToken).ConfigureAwait(false));
        return Results.Json(new TenantPageBody([.. page], hasMore ? PageCursor.Encode(page[^1].Id) : null), ApiJson.Options);
    }

    public async Task<IResult> GetAsync(string tenant, CancellationToken cancellationToken) =>
        Results.Json(await ShowAsync(catalog.State.Require(TenantId.Parse(tenant)), cancellationToken).ConfigureAwait(false), ApiJson.Options);

    public async Task<IResult> UpdateAsync(string tenant, HttpContext context, CancellationToken cancellationToken)
    {
        TenantId id = TenantId.Parse(tenant);
        UpdateBody body = await reader.ReadAsync<UpdateBody>(context.Request, cancellationToken).ConfigureAwait(false);
        Check(body.Limits);
        AccessState next = await catalog.ChangeAsync(state => state.Update(Change(state.Require(id), body)), cancellationToken).ConfigureAwait(false);
        return Results.Json(await ShowAsync(next.Require(id), cancellationToken).ConfigureAwait(false), ApiJson.Options);
    }

    /// <summary>Takes away the tenant and its keys, but never memories: who wants those gone erases them one by one.</summary>
    public async Task<IResult> DeleteAsync(string tenant, CancellationToken cancellationToken)
    {
        TenantId id = TenantId.Parse(tenant);
        catalog.State.Require(id);

        // A count knows nothing of a shard that is between two owners; a listing is refused then.
        if (!(await grains.ListMemoriesAsync(id, limit: 1, after: null, cancellationToken).ConfigureAwait(false)).IsEmpty)
        {
            long left = (await usage.CountAsync(id, cancellationToken).ConfigureAwait(false)).Memories;
            throw new LatentDbException(SecurityErrorCode.TenantInUse, $"Tenant {id} still has {left} memories; erase them first.");
        }

        await catalog.ChangeAsync(state => state.Remove(state.Require(id).Id), cancellationToken).ConfigureAwait(false);
        return Results.NoContent();
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

    private async ValueTask<TenantBody> ShowAsync(Tenant tenant, CancellationToken cancellationToken) =>
        TenantBody.Of(tenant, await usage.CountAsync(tenant.Id, cancellationToken).ConfigureAwait(false));
}
