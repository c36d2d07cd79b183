using LatentDb.Silo.Http.Description;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Admin.Tenants;

/// <summary>Tenants, for operators; and what a tenant uses, for itself.</summary>
internal static class TenantRoutes
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/usage", GetUsage.HandleAsync).WithTags("keys").Needs(Role.Reader).Gives<GetUsage.Answer>(200, "usage", "What the tenant uses and what is left of its limits.");
        RouteGroupBuilder tenants = app.MapGroup("/v1/admin/tenants").WithTags("admin");
        tenants.MapPost("/", (HttpContext context, TenantVerbs verbs, CancellationToken token) => verbs.CreateAsync(context, token))
            .Needs(Role.Operator).Takes<TenantVerbs.CreateBody>().Gives<TenantBody>(201, "createTenant", "Makes a tenant; keys for it are made at /v1/keys with X-Tenant-Id.", 400, 409, 413, 415, 507);
        tenants.MapGet("/", (HttpRequest request, TenantVerbs verbs, CancellationToken token) => verbs.ListAsync(request, token))
            .Needs(Role.Operator).Reads(ApiParameter.Limit, ApiParameter.Cursor).Gives<TenantPageBody>(200, "listTenants", "Tenants in order of id, with what they use.", 400);
        tenants.MapGet("/{tenant}", (string tenant, TenantVerbs verbs, CancellationToken token) => verbs.GetAsync(tenant, token))
            .Needs(Role.Operator).Gives<TenantBody>(200, "getTenant", "A tenant and what it uses.", 400, 404);
        tenants.MapPatch("/{tenant}", (string tenant, HttpContext context, TenantVerbs verbs, CancellationToken token) => verbs.UpdateAsync(tenant, context, token))
            .Needs(Role.Operator).Takes<TenantVerbs.UpdateBody>().Gives<TenantBody>(200, "updateTenant", "Limits or suspends a tenant.", 400, 404, 413, 415, 507);
        tenants.MapDelete("/{tenant}", (string tenant, TenantVerbs verbs, CancellationToken token) => verbs.DeleteAsync(tenant, token))
            .Needs(Role.Operator).GivesNothing("deleteTenant", "Takes away a tenant without memories, and its keys.", 400, 404, 409, 507);
    }
}
