using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Memories;

/// <summary>GET /v1/memories/{id}.</summary>
internal static class GetMemory
{
    public static async Task<IResult> HandleAsync(string id, HttpContext context, RequestScope scope, CancellationToken cancellationToken)
    {
        MemorySummary summary = await scope.Memory(id).DescribeAsync(cancellationToken).ConfigureAwait(false);
        context.Response.Headers.ETag = RequestHeaders.ETag(summary.Head.Number);
        return Results.Json(MemoryBody.Of(summary), ApiJson.Options);
    }
}
