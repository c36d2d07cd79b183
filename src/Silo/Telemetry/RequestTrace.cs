using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace LatentDb.Silo.Telemetry;

/// <summary>
/// Gives the framework's span of a request its name and the attributes of OpenTelemetry's HTTP conventions, and tells the caller where to find it. The
/// address itself is left out: it holds the names of memories.
/// </summary>
internal sealed class RequestTrace(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        Activity? span = context.Features.Get<IHttpActivityFeature>()?.Activity;
        if (span is null || !span.IsAllDataRequested)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        // W3C Trace Context, level 2: a caller without a tracer can name the trace in his report.
        context.Response.Headers["traceresponse"] = $"00-{span.TraceId}-{span.SpanId}-{(span.Recorded ? "01" : "00")}";
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            Describe(span, context);
        }
    }

    private static void Describe(Activity span, HttpContext context)
    {
        string route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? string.Empty;
        string method = MethodOf(context.Request.Method);
        span.DisplayName = route.Length > 0 ? $"{method} {route}" : method;
        span.SetTag("http.request.method", method);
        span.SetTag("http.response.status_code", context.Response.StatusCode);
        span.SetTag("url.scheme", context.Request.Scheme);
        span.SetTag("network.protocol.version", context.Request.Protocol.Replace("HTTP/", string.Empty, StringComparison.Ordinal));
        span.SetTag("latentdb.request_id", context.TraceIdentifier);
        if (route.Length > 0) span.SetTag("http.route", route);
        if (context.Response.StatusCode >= StatusCodes.Status500InternalServerError) span.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>A method that nobody knows is the caller's own word.</summary>
    private static string MethodOf(string method) => method switch
    {
        "GET" or "POST" or "PUT" or "PATCH" or "DELETE" or "HEAD" or "OPTIONS" or "TRACE" or "CONNECT" => method,
        _ => "_OTHER",
    };
}
