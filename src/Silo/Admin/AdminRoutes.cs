using LatentDb.MemoryStore.Integrity;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Description;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Admin;

/// <summary>
/// Care of the store. Without keys the server listens on loopback and who reaches it may do everything, this included; with keys it takes an operator's.
/// </summary>
internal static class AdminRoutes
{
    private static readonly ApiParameter Memory = new("memory", false, false, "This memory alone; everything when absent.");

    public static void Map(IEndpointRouteBuilder app)
    {
        RouteGroupBuilder store = app.MapGroup("/v1/admin/store").WithTags("admin");
        store.MapGet("/stats", Stats).Needs(Role.Operator).Gives<StoreStats>(200, "storeStats", "The store in a few numbers.");
        store.MapGet("/inspect", InspectAsync).Needs(Role.Operator).Gives<StoreInspection>(200, "inspectStore", "Shards, logs, segments and keys.");
        store.MapPost("/compact", Compact).Needs(Role.Operator).Reports<CompactionBody>("compactStore", "Drops expired versions and gives back the space of what nobody needs; events progress, then done.", 507);
        store.MapPost("/scrub", Scrub).Needs(Role.Operator).Reads(Memory).Reports<ScrubReport>("scrubStore", "Reads everything back and verifies it; events progress, then done with what is damaged.", 400, 404);
        store.MapPost("/rotate-keys", RotateKeys.HandleAsync).Needs(Role.Operator).Takes<RotateKeys.Body>().Gives<RotateKeys.Answer>(200, "rotateKeys", "Makes new keys above those of the memories; no data is rewritten.", 400, 413, 415, 507);
    }

    private static IResult Stats(StoreInspector inspector) => Results.Json(inspector.Stats(), ApiJson.Options);

    private static async Task<IResult> InspectAsync(StoreInspector inspector, CancellationToken cancellationToken) =>
        Results.Json(await inspector.InspectAsync(cancellationToken).ConfigureAwait(false), ApiJson.Options);

    private static Task Compact(HttpContext context, CompactStore compact) => compact.HandleAsync(context);

    private static Task Scrub(HttpContext context, RequestScope scope, ScrubStore scrub) => scrub.HandleAsync(context, scope);
}
