using LatentDb.Silo.Audit;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Description;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Admin.Audit;

/// <summary>The audit log: an admin's own tenant's at /v1/audit, everything at /v1/admin/audit.</summary>
internal static class AuditRoutes
{
    private static readonly ApiParameter AfterLine = new("after", false, true, "The number of a line: those after it, from the oldest on when absent.");

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/audit", (HttpRequest request, RequestScope scope, AuditVerbs verbs) => verbs.List(request, scope.Tenant)).WithTags("keys")
            .Needs(Role.Admin).Reads(AfterLine, ApiParameter.Limit).Gives<AuditVerbs.Page>(200, "listAudit", "What was done in the tenant, by which key, oldest first.", 400);
        RouteGroupBuilder audit = app.MapGroup("/v1/admin/audit").WithTags("admin");
        audit.MapGet("/", (HttpRequest request, AuditVerbs verbs) => verbs.List(request, tenant: null))
            .Needs(Role.Operator).Reads(AfterLine, ApiParameter.Limit).Gives<AuditVerbs.Page>(200, "listAllAudit", "What was done in all tenants and by nobody known, oldest first.", 400);
        audit.MapGet("/verify", (AuditVerbs verbs, CancellationToken token) => verbs.Verify(token))
            .Needs(Role.Operator).Gives<AuditVerdict>(200, "verifyAudit", "Follows the chain of the whole log and says where it breaks.");
        audit.MapGet("/export", (HttpContext context, AuditVerbs verbs) => verbs.ExportAsync(context))
            .Needs(Role.Operator).GivesLines("exportAudit", "All lines as they are on disk, one JSON object each.");
    }
}
