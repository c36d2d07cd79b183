using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Description;
using Microsoft.Net.Http.Headers;

namespace LatentDb.Silo.WebConsole;

/// <summary>GET /: the console. It is the same for everybody and knows nothing; what it shows it asks the API for, with the key of who looks at it.</summary>
internal static class ConsoleRoutes
{
    private const string Page = "index.html";

    /// <summary>
    /// Nothing but our own files, nothing inline, no frame around it, and no way from text to markup: what users wrote is shown in this page, so a hole
    /// here would be a hole in every memory.
    /// </summary>
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types 'none'";

    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static IServiceCollection AddConsole(this IServiceCollection services) => services.AddSingleton<ConsoleAssets>();

    public static void MapConsole(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/", Methods, (HttpContext context, ConsoleAssets assets) => SendAsync(context, assets, Page)).OpenToAll().ExcludeFromDescription();
        app.MapMethods("/console/{**path}", Methods, (string? path, HttpContext context, ConsoleAssets assets) => SendAsync(context, assets, path)).OpenToAll().ExcludeFromDescription();
    }

    private static Task SendAsync(HttpContext context, ConsoleAssets assets, string? path)
    {
        ConsoleAsset asset = assets.Find(path ?? string.Empty) ?? throw new LatentDbException(HttpErrorCode.RouteNotFound, "The console has no such file; it begins at /.");
        ConsoleContent content = asset.For(context.Request);
        HttpResponse response = context.Response;
        Protect(response.Headers);
        response.Headers.ETag = content.ETag;
        response.Headers.Vary = HeaderNames.AcceptEncoding;

        // Asked again each time and answered with 304: a new version of the server is a new console at once.
        response.Headers.CacheControl = "no-cache";
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Tag == content.ETag || tag.Tag == "*"))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        response.ContentType = asset.ContentType;
        response.ContentLength = content.Bytes.Length;
        if (content.Encoding is not null) response.Headers.ContentEncoding = content.Encoding;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(content.Bytes, context.RequestAborted).AsTask();
    }

    private static void Protect(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
    }
}
