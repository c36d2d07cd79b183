using LatentDb.MemoryStore.Errors;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace LatentDb.Silo.Http.Edge;

/// <summary>
/// Refuses requests whose body two readers could cut differently, and bodies that are larger inside than outside. The framework accepts some of the
/// first, because it is strict about what it forwards to nobody; a proxy in front of this server may read them otherwise, and then one client's body
/// becomes another one's request.
/// </summary>
internal sealed class RequestShape(RequestDelegate next)
{
    /// <summary>Where Kestrel puts the length of a request that has a transfer encoding too (RFC 9112, 6.3).</summary>
    private const string OverruledLength = "X-Content-Length";

    public Task InvokeAsync(HttpContext context)
    {
        RequireOneLength(context);
        RequirePlainBody(context);
        return next(context);
    }

    private static void RequireOneLength(HttpContext context)
    {
        IHeaderDictionary headers = context.Request.Headers;
        StringValues coding = headers.TransferEncoding;
        if (coding.Count == 0) return;
        bool isChunkedOnly = coding.Count == 1 && string.Equals(coding[0], "chunked", StringComparison.OrdinalIgnoreCase);
        if (isChunkedOnly && !headers.ContainsKey(OverruledLength)) return;

        // Whatever follows on this connection may be a part of what is refused.
        context.Response.Headers.Connection = "close";
        throw new LatentDbException(HttpErrorCode.BadRequest, "The length of the body is told in more than one way: send Content-Length, or Transfer-Encoding: chunked and nothing else.");
    }

    private static void RequirePlainBody(HttpContext context)
    {
        StringValues encoding = context.Request.Headers.ContentEncoding;
        if (encoding.Count == 0 || (encoding.Count == 1 && string.Equals(encoding[0], "identity", StringComparison.OrdinalIgnoreCase))) return;
        context.Response.Headers[HeaderNames.AcceptEncoding] = "identity"; // RFC 9110, 12.5.3: what would have been taken.
        throw new LatentDbException(HttpErrorCode.UnsupportedEncoding, "The server takes no compressed bodies; send it without Content-Encoding.");
    }
}
