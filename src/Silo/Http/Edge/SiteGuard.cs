using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http.Edge;

/// <summary>
/// Refuses what a page of another site makes a browser send (resource isolation by Fetch Metadata, W3C). Such a page reads no answer, since the server
/// allows no other origin (CORS), but a request alone can start work, and its status alone can tell which memories there are. Following a link is allowed.
/// </summary>
internal sealed class SiteGuard(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context) => IsForeign(context.Request)
        ? throw new LatentDbException(HttpErrorCode.CrossSite, "A page of another site made this request; the server answers to its own pages and to programs.")
        : next(context);

    private static bool IsForeign(HttpRequest request)
    {
        bool isRead = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        string? site = request.Headers["Sec-Fetch-Site"];
        if (site is not null) return site is not ("same-origin" or "none") && !(isRead && request.Headers["Sec-Fetch-Mode"] == "navigate");

        // Browsers send Sec-Fetch-Site to loopback and over TLS only; elsewhere Origin tells as much for whatever can change something.
        string? origin = request.Headers.Origin;
        return origin is not null && !isRead && !IsOwn(origin, request.Host);
    }

    /// <summary>The scheme is left out: behind a proxy that ends TLS it is another one here than in the browser.</summary>
    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && string.Equals(page.Authority, host.Value, StringComparison.OrdinalIgnoreCase);
}
