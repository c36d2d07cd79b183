using LatentDb.Silo.Http.Description;
using LatentDb.Silo.Security;
using LatentDb.Silo.Telemetry.Scrape;

namespace LatentDb.Silo.Health;

/// <summary>GET /metrics: every metric of the process, for Prometheus. Names no memory and no text, but tells how busy the server is and with what.</summary>
internal static class MetricsRoute
{
    public static void Map(IEndpointRouteBuilder app, SiloOptions options)
    {
        RouteHandlerBuilder route = app.MapGet("/metrics", HandleAsync).WithTags("health").WithName("metrics").WithSummary("Metrics as Prometheus text 0.0.4, or OpenMetrics 1.0 for who accepts it.")
            .Produces<string>(200, "text/plain", "application/openmetrics-text");
        _ = options.PublicMetrics ? route.OpenToAll() : route.Needs(Role.Operator);
    }

    private static async Task HandleAsync(HttpContext context, MetricsScrape scrape)
    {
        ExpositionFormat format = ExpositionFormat.For(context.Request);
        byte[] text = await scrape.CollectAsync(format, context.RequestAborted).ConfigureAwait(false);
        context.Response.ContentType = format.ContentType;
        context.Response.ContentLength = text.Length;
        context.Response.Headers.Vary = "Accept";
        await context.Response.Body.WriteAsync(text, context.RequestAborted).ConfigureAwait(false);
    }
}
