using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Memories;

/// <summary>The answer to whatever makes a memory: create, fork, import.</summary>
internal static class CreatedMemory
{
    public static IResult Answer(HttpContext context, WriteResult<MemorySummary> result)
    {
        MemorySummary created = result.Value;
        ResponseHeaders.Replayed(context.Response, result.IsReplay);
        context.Response.Headers.ETag = RequestHeaders.ETag(created.Head.Number);
        context.Response.Headers.Location = $"/v1/memories/{Uri.EscapeDataString(created.Key.Memory.Value)}";
        return Results.Json(MemoryBody.Of(created), ApiJson.Options, statusCode: StatusCodes.Status201Created);
    }
}
