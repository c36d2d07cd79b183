using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.Silo.Http;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Access;
using LatentDb.Silo.Security.Keys;

namespace LatentDb.Silo.Admin.Keys;

/// <summary>Makes, shows, rotates and takes back keys: those of a tenant, or, with no owner, those of the operators.</summary>
internal sealed class KeyVerbs(AccessCatalog catalog, BodyReader reader, TimeProvider time)
{
    /// <param name="Role">reader, writer or admin.</param>
    /// <param name="Name">Up to 100 characters for people to tell keys apart.</param>
    /// <param name="ExpiresAt">RFC 3339; never when absent.</param>
    internal sealed record TenantKeyBody(Role Role, string Name = "", DateTimeOffset? ExpiresAt = null);

    /// <param name="Name">Up to 100 characters for people to tell keys apart.</param>
    /// <param name="ExpiresAt">RFC 3339; never when absent. The first operator key cannot expire.</param>
    internal sealed record OperatorKeyBody(string Name = "", DateTimeOffset? ExpiresAt = null);

    /// <param name="GraceSeconds">How long the old key goes on beside the new one, 0 to 30 days; 0 by default.</param>
    internal sealed record RotateBody(int GraceSeconds = 0);

    /// <summary>POST /v1/keys.</summary>
    public async Task<IResult> CreateForTenantAsync(HttpContext context, TenantId owner, CancellationToken cancellationToken)
    {
        TenantKeyBody body = await reader.ReadAsync<TenantKeyBody>(context.Request, cancellationToken).ConfigureAwait(false);
        if (body.Role == Role.Operator) throw new LatentDbException(ErrorCode.InvalidRequest, "role must be reader, writer or admin; operator keys are made at /v1/admin/keys.");
        return await CreateAsync(context, new KeyDraft(owner, body.Role, body.Name, body.ExpiresAt), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>POST /v1/admin/keys.</summary>
    public async Task<IResult> CreateForOperatorAsync(HttpContext context, CancellationToken cancellationToken)
    {
        OperatorKeyBody body = await reader.ReadAsync<OperatorKeyBody>(context.Request, cancellationToken).ConfigureAwait(false);
        return await CreateAsync(context, new KeyDraft(null, Role.Operator, body.Name, body.ExpiresAt), cancellationToken).ConfigureAwait(false);
    }

    public IResult List(HttpRequest request, TenantId? owner)
    {
        int limit = PageCursor.Limit(request);
        string? after = PageCursor.Decode(request);
        DateTimeOffset now = time.GetUtcNow();
        KeyBody[] page = [.. catalog.State.Keys.Values.Where(k => k.Tenant == owner && string.CompareOrdinal(k.Id, after) > 0).Take(limit + 1).Select(k => KeyBody.Of(k, now))];
        bool hasMore = page.Length > limit;
        return Results.Json(new KeyPageBody(hasMore ? page[..limit] : page, hasMore ? PageCursor.Encode(page[limit - 1].KeyId) : null), ApiJson.Options);
    }

    public IResult Get(string id, TenantId? owner) => Results.Json(KeyBody.Of(catalog.State.RequireKey(id, owner), time.GetUtcNow()), ApiJson.Options);

    /// <summary>From the answer on the key opens nothing.</summary>
    public async Task<IResult> RevokeAsync(string id, TenantId? owner, CancellationToken cancellationToken)
    {
        await catalog.ChangeAsync(state => state.Revoke(id, owner, time.GetUtcNow(), catalog.AdminKey.IsSet), cancellationToken).ConfigureAwait(false);
        return Results.NoContent();
    }

    public async Task<IResult> RotateAsync(HttpContext context, string id, TenantId? owner, CancellationToken cancellationToken)
    {
        RotateBody body = await reader.ReadAsync<RotateBody>(context.Request, cancellationToken).ConfigureAwait(false);
        if (body.GraceSeconds < 0 || body.GraceSeconds > SecurityLimits.MaxRotationGrace.TotalSeconds)
        {
            throw new LatentDbException(ErrorCode.InvalidRequest, $"grace_seconds must be 0 to {SecurityLimits.MaxRotationGrace.TotalSeconds}.");
        }

        DateTimeOffset now = time.GetUtcNow();
        ApiKey old = catalog.State.RequireKey(id, owner);
        KeyText text = KeyText.NewRandom();
        ApiKey successor = old with { Id = text.Id, Hash = SecretHash.Of(text), CreatedAt = now, RevokedAt = null, Use = new KeyUse(null) };
        await catalog.ChangeAsync(state => state.Rotate(old, successor, now + TimeSpan.FromSeconds(body.GraceSeconds), now), cancellationToken).ConfigureAwait(false);
        return Created(context, successor, text);
    }

    private async Task<IResult> CreateAsync(HttpContext context, KeyDraft draft, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (draft.Name.Length > SecurityLimits.MaxNameLength || draft.Name.Any(char.IsControl)) throw new LatentDbException(ErrorCode.InvalidRequest, $"name must be at most {SecurityLimits.MaxNameLength} characters, none of them a control character.");
        if (draft.ExpiresAt <= now) throw new LatentDbException(ErrorCode.InvalidRequest, "expires_at must be in the future.");
        KeyText text = KeyText.NewRandom();
        var key = new ApiKey(text.Id, SecretHash.Of(text), draft.Owner, draft.Role, draft.Name, now) { ExpiresAt = draft.ExpiresAt?.ToUniversalTime() };
        await catalog.ChangeAsync(state => Add(state, key, now), cancellationToken).ConfigureAwait(false);
        return Created(context, key, text);
    }

    /// <summary>With the first key everybody without one is locked out, so it is one that can let others in, and stays.</summary>
    private AccessState Add(AccessState state, ApiKey key, DateTimeOffset now)
    {
        if (catalog.AdminKey.IsSet || !state.Keys.IsEmpty || key.IsLastingOperator) return state.Add(key, now);
        throw new LatentDbException(
            SecurityErrorCode.FirstKeyMustBeOperator, "From the first key on nobody comes in without one: first make an operator's that does not expire, by POST /v1/admin/keys.");
    }

    private IResult Created(HttpContext context, ApiKey key, KeyText text)
    {
        context.Response.Headers.Location = key.Tenant is null ? $"/v1/admin/keys/{key.Id}" : $"/v1/keys/{key.Id}";
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(KeyBody.Of(key, time.GetUtcNow()) with { Key = text.ToString() }, ApiJson.Options, statusCode: StatusCodes.Status201Created);
    }

    private sealed record KeyDraft(TenantId? Owner, Role Role, string Name, DateTimeOffset? ExpiresAt);
}
