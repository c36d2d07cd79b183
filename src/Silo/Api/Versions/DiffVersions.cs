using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Versions;

/// <summary>GET /v1/memories/{id}/diff?from&amp;to.</summary>
internal static class DiffVersions
{
    public static async Task<IResult> HandleAsync(string id, HttpContext context, RequestScope scope, CancellationToken cancellationToken)
    {
        VersionSelector from = VersionSelector.Parse(context.Request.Query["from"]);
        string? target = context.Request.Query["to"];
        VersionSelector to = target is null ? VersionSelector.Head : VersionSelector.Parse(target);
        MemoryDiff diff = await scope.Memory(id).DiffAsync(from, to, cancellationToken).ConfigureAwait(false);
        return Results.Json(DiffBody.Of(id, diff), ApiJson.Options);
    }
}
