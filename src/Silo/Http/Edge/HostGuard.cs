using System.Net;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Security.Access;

namespace LatentDb.Silo.Http.Edge;

/// <summary>
/// Answers only to the names of this machine's loopback. Without keys everybody who reaches the server may read every memory, and a web page can
/// make a browser reach it under a name of the page's own that leads to 127.0.0.1 (DNS rebinding); such a request still carries that name. With keys such a page has none.
/// </summary>
internal sealed class HostGuard(RequestDelegate next, AccessCatalog access)
{
    public Task InvokeAsync(HttpContext context) => access.IsKeyed || IsLoopback(context.Request.Host.Host)
        ? next(context)
        : throw new LatentDbException(HttpErrorCode.HostNotAllowed, "Without API keys the server answers to localhost, 127.0.0.1 and [::1] only; the Host header names another.");

    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
