using LatentDb.Silo.Http.Description;

namespace LatentDb.Silo.Admin;

/// <summary>
/// Care of the store. Without keys the server listens on loopback and who reaches it may do everything, this included; with keys it will take the role admin.
/// </summary>
internal static class AdminRoutes
{
    public static void Map(IEndpointRouteBuilder app)
    {
        RouteGroupBuilder store = app.MapGroup("/v1/admin/store").WithTags("admin");
        store.MapPost("/compact", Compact).Reports<CompactionBody>("compactStore", "Drops expired versions and gives back the space of what nobody needs; events progress, then done.", 507);
    }

    private static Task Compact(HttpContext context, CompactStore compact) => compact.HandleAsync(context);
}
