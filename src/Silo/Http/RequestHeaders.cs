using System.Globalization;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using Microsoft.Extensions.Primitives;

namespace LatentDb.Silo.Http;

/// <summary>Headers that change what a write does.</summary>
internal static class RequestHeaders
{
    /// <summary>Characters of an idempotency key; it is stored with the version.</summary>
    public const int MaxIdempotencyKeyLength = 128;

    /// <summary>The one preference of RFC 7240 that is honoured.</summary>
    public const string RespondAsyncPreference = "respond-async";

    /// <summary>If-Match: "v12", the ETag of the head that the caller has seen. Null when absent or *.</summary>
    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static VersionNumber? IfMatch(HttpRequest request)
    {
        string? text = request.Headers.IfMatch;
        if (string.IsNullOrEmpty(text) || text == "*") return null;
        bool hasShape = text.Length > 3 && text.StartsWith("\"v", StringComparison.Ordinal) && text[^1] == '"';
        if (hasShape && long.TryParse(text.AsSpan(2, text.Length - 3), NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > 0)
        {
            return new VersionNumber(number);
        }

        throw new LatentDbException(ErrorCode.InvalidRequest, "If-Match must be one ETag of a version, such as \"v12\", with its quotes.");
    }

    /// <summary>Idempotency-Key: once, 1 to 128 visible ASCII characters. Null when absent.</summary>
    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static string? IdempotencyKey(HttpRequest request)
    {
        StringValues values = request.Headers["Idempotency-Key"];
        if (values.Count > 1) throw InvalidKey();
        return CheckIdempotencyKey(values.Count == 0 ? null : values[0] ?? string.Empty);
    }

    /// <summary>The same for a key that came elsewhere than in the header.</summary>
    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static string? CheckIdempotencyKey(string? text)
    {
        bool isValid = text is null || (text.Length is > 0 and <= MaxIdempotencyKeyLength && text.All(c => c is > ' ' and < (char)127));
        return isValid ? text : throw InvalidKey();
    }

    /// <summary>Prefer: respond-async (RFC 7240): the write may be made after the answer.</summary>
    public static bool RespondsAsync(HttpRequest request) => request.Headers["Prefer"]
        .SelectMany(line => (line ?? string.Empty).Split(',', StringSplitOptions.TrimEntries))
        .Any(preference => preference.Split(';')[0].Trim().Equals(RespondAsyncPreference, StringComparison.OrdinalIgnoreCase));

    /// <summary>The ETag of a version.</summary>
    public static string ETag(VersionNumber version) => $"\"v{version}\"";

    private static LatentDbException InvalidKey() =>
        new(ErrorCode.InvalidRequest, $"Idempotency-Key must come once and be 1 to {MaxIdempotencyKeyLength} visible ASCII characters.");
}

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
