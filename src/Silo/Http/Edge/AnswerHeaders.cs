namespace LatentDb.Silo.Http.Edge;

/// <summary>
/// What every answer says unless its route says otherwise: it is private to who asked, it is what its type says, and no page may show or load it.
/// Answers carry memories, and a cache, a sniffing browser or a foreign page are ways out that no access check sees.
/// </summary>
internal sealed class AnswerHeaders(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (context.Request.IsHttps) headers.StrictTransportSecurity = "max-age=31536000";
        return next(context);
    }
}
