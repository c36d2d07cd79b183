namespace LatentDb.Silo.Http;

/// <summary>Headers that say something about an answer.</summary>
internal static class ResponseHeaders
{
    /// <summary>The answer is that of an earlier request under the same Idempotency-Key.</summary>
    public const string IdempotencyReplayed = "Idempotency-Replayed";

    public static void Replayed(HttpResponse response, bool isReplay)
    {
        if (isReplay) response.Headers[IdempotencyReplayed] = "true";
    }

    /// <summary>Link to the next page (RFC 8288), for clients that follow links: the same address with another cursor.</summary>
    public static void Next(HttpContext context, string? cursor)
    {
        if (cursor is null) return;
        IEnumerable<KeyValuePair<string, string?>> others = context.Request.Query
            .Where(p => p.Key is not "cursor")
            .SelectMany(p => p.Value.Select(value => KeyValuePair.Create(p.Key, value)));
        QueryString query = QueryString.Create(others.Append(KeyValuePair.Create("cursor", (string?)cursor)));
        context.Response.Headers.Append("Link", $"<{context.Request.PathBase}{context.Request.Path.ToUriComponent()}{query.ToUriComponent()}>; rel=\"next\"");
    }
}
