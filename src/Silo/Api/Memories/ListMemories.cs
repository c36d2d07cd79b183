using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Memories;

/// <summary>GET /v1/memories?limit&amp;cursor.</summary>
internal static class ListMemories
{
    public static async Task<IResult> HandleAsync(HttpContext context, RequestScope scope, CancellationToken cancellationToken)
    {
        int limit = PageCursor.Limit(context.Request);
        MemoryId? after = PageCursor.Decode(context.Request) is { } cursor ? ParseCursor(cursor) : null;
        ImmutableArray<MemorySummary> page = await scope.Grains.ListMemoriesAsync(scope.Tenant, limit + 1, after, cancellationToken).ConfigureAwait(false);
        bool hasMore = page.Length > limit;
        MemoryBody[] items = [.. page.Take(limit).Select(MemoryBody.Of)];
        string? next = hasMore ? PageCursor.Encode(items[^1].Id) : null;
        ResponseHeaders.Next(context, next);
        return Results.Json(new MemoryPageBody(items, next), ApiJson.Options);
    }

    private static MemoryId ParseCursor(string cursor)
    {
        try
        {
            return MemoryId.Parse(cursor);
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.InvalidName)
        {
            throw PageCursor.Foreign(error);
        }
    }
}
