using System.Collections.Immutable;
using System.Globalization;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.Api.Versions;

/// <summary>GET /v1/memories/{id}/versions?limit&amp;cursor, newest first.</summary>
internal static class ListVersions
{
    public static async Task<IResult> HandleAsync(string id, HttpContext context, RequestScope scope, CancellationToken cancellationToken)
    {
        int limit = PageCursor.Limit(context.Request);
        VersionNumber? before = PageCursor.Decode(context.Request) is { } cursor ? ParseCursor(cursor) : null;
        ImmutableArray<MemoryVersion> page = await scope.Memory(id).ListVersionsAsync(limit + 1, before, cancellationToken).ConfigureAwait(false);
        VersionBody[] items = [.. page.Take(limit).Select(VersionBody.Of)];
        string? next = page.Length > limit ? PageCursor.Encode(items[^1].Version.ToString(CultureInfo.InvariantCulture)) : null;
        ResponseHeaders.Next(context, next);
        return Results.Json(new VersionPageBody(items, next), ApiJson.Options);
    }

    private static VersionNumber ParseCursor(string cursor) =>
        long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? new VersionNumber(number)
            : throw PageCursor.Foreign();
}
