using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Operations;

/// <summary>GET /v1/memories/{id}/operations?limit&amp;cursor, newest first.</summary>
internal static class ListOperations
{
    public static async Task<IResult> HandleAsync(string id, HttpContext context, RequestScope scope, CancellationToken cancellationToken)
    {
        int limit = PageCursor.Limit(context.Request);
        OperationUid? before = PageCursor.Decode(context.Request) is { } cursor ? ParseCursor(cursor) : null;
        ImmutableArray<WriteOperation> page = await scope.Memory(id).ListOperationsAsync(limit + 1, before, cancellationToken).ConfigureAwait(false);
        OperationBody[] items = [.. page.Take(limit).Select(operation => OperationBody.Of(id, operation, context.TraceIdentifier))];
        string? next = page.Length > limit ? PageCursor.Encode(items[^1].Id) : null;
        ResponseHeaders.Next(context, next);
        return Results.Json(new OperationPageBody(items, next), ApiJson.Options);
    }

    private static OperationUid ParseCursor(string cursor)
    {
        try
        {
            return OperationUid.Parse(cursor);
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.InvalidName)
        {
            throw PageCursor.Foreign(error);
        }
    }
}
