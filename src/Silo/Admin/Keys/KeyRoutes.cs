using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Description;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Admin.Keys;

/// <summary>Keys: an admin's own tenant's at /v1/keys, the operators' at /v1/admin/keys.</summary>
internal static class KeyRoutes
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/me", GetMe.Handle).WithTags("keys").Needs(Role.Reader).Gives<GetMe.Answer>(200, "me", "Who the caller is: tenant, role, key.");
        MapTenantKeys(app.MapGroup("/v1/keys").WithTags("keys"));
        MapOperatorKeys(app.MapGroup("/v1/admin/keys").WithTags("admin"));
    }

    private static void MapTenantKeys(RouteGroupBuilder keys)
    {
        keys.MapPost("/", (HttpContext context, RequestScope scope, KeyVerbs verbs, CancellationToken token) => verbs.CreateForTenantAsync(context, scope.Tenant, token))
            .Needs(Role.Admin).Takes<KeyVerbs.TenantKeyBody>().Gives<KeyBody>(201, "createKey", "Makes a key of the tenant; it is shown in this answer and never again.", 400, 409, 413, 415, 507);
        keys.MapGet("/", (HttpRequest request, RequestScope scope, KeyVerbs verbs) => verbs.List(request, scope.Tenant))
            .Needs(Role.Admin).Reads(ApiParameter.Limit, ApiParameter.Cursor).Gives<KeyPageBody>(200, "listKeys", "The tenant's keys in order of id, without their secrets.", 400);
        keys.MapGet("/{keyId}", (string keyId, RequestScope scope, KeyVerbs verbs) => verbs.Get(keyId, scope.Tenant))
            .Needs(Role.Admin).Gives<KeyBody>(200, "getKey", "A key of the tenant, without its secret.", 404);
        keys.MapDelete("/{keyId}", (string keyId, RequestScope scope, KeyVerbs verbs, CancellationToken token) => verbs.RevokeAsync(keyId, scope.Tenant, token))
            .Needs(Role.Admin).GivesNothing("revokeKey", "Takes a key back: from the answer on it opens nothing.", 404, 507);
        keys.MapPost("/{keyId}/rotate", (string keyId, HttpContext context, RequestScope scope, KeyVerbs verbs, CancellationToken token) => verbs.RotateAsync(context, keyId, scope.Tenant, token))
            .Needs(Role.Admin).Takes<KeyVerbs.RotateBody>().Gives<KeyBody>(201, "rotateKey", "Makes a successor of a key; the old one ends after the grace.", 400, 404, 409, 413, 415, 507);
    }

    private static void MapOperatorKeys(RouteGroupBuilder keys)
    {
        keys.MapPost("/", (HttpContext context, KeyVerbs verbs, CancellationToken token) => verbs.CreateForOperatorAsync(context, token))
            .Needs(Role.Operator).Takes<KeyVerbs.OperatorKeyBody>().Gives<KeyBody>(201, "createOperatorKey", "Makes an operator's key; it is shown in this answer and never again.", 400, 409, 413, 415, 507);
        keys.MapGet("/", (HttpRequest request, KeyVerbs verbs) => verbs.List(request, owner: null))
            .Needs(Role.Operator).Reads(ApiParameter.Limit, ApiParameter.Cursor).Gives<KeyPageBody>(200, "listOperatorKeys", "The operators' keys in order of id, without their secrets.", 400);
        keys.MapGet("/{keyId}", (string keyId, KeyVerbs verbs) => verbs.Get(keyId, owner: null))
            .Needs(Role.Operator).Gives<KeyBody>(200, "getOperatorKey", "An operator's key, without its secret.", 404);
        keys.MapDelete("/{keyId}", (string keyId, KeyVerbs verbs, CancellationToken token) => verbs.RevokeAsync(keyId, owner: null, token))
            .Needs(Role.Operator).GivesNothing("revokeOperatorKey", "Takes an operator's key back, unless it is the last.", 404, 409, 507);
        keys.MapPost("/{keyId}/rotate", (string keyId, HttpContext context, KeyVerbs verbs, CancellationToken token) => verbs.RotateAsync(context, keyId, owner: null, token))
            .Needs(Role.Operator).Takes<KeyVerbs.RotateBody>().Gives<KeyBody>(201, "rotateOperatorKey", "Makes a successor of an operator's key; the old one ends after the grace.", 400, 404, 409, 413, 415, 507);
    }
}
