using LatentDb.MemoryStore.Hosting;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Cluster;
using LatentDb.Silo.Http.Description;

namespace LatentDb.Silo.Health;

/// <summary>GET /healthz: the process answers. GET /livez: none of its loops hangs. GET /readyz: it can serve, or what it waits for.</summary>
internal static class HealthRoutes
{
    /// <param name="Status">ok, or not_ready: also while the server drains before it stops.</param>
    /// <param name="Model">ready, loading, or none during maintenance and in a silo without a model.</param>
    /// <param name="Store">ready, closed, read_only when writes have failed, or joining while a silo of a cluster has not yet its share.</param>
    internal sealed record Readiness(string Status, string Model, string Store);

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", () => Results.Text("ok\n")).OpenToAll().WithTags("health").WithName("healthz").WithSummary("The process lives.").Produces<string>(200, "text/plain");
        app.MapGet("/livez", Live).OpenToAll().WithTags("health").WithName("livez").WithSummary("No loop hangs that only a restart would mend.").Produces<string>(200, "text/plain").Produces<string>(503, "text/plain");
        app.MapGet("/readyz", Ready).OpenToAll().WithTags("health").WithName("readyz").WithSummary("The process can serve.").Produces<Readiness>(200).Produces<Readiness>(503);
    }

    private static IResult Live(MemoryStoreService store, IModelHost model) => Liveness.WhyNot(store, model) is string why
        ? Results.Text(why + "\n", statusCode: StatusCodes.Status503ServiceUnavailable)
        : Results.Text("ok\n");

    private static IResult Ready(IModelHost model, SiloStanding standing, IHostApplicationLifetime lifetime)
    {
        string storeState = standing.Store();
        string modelState = !standing.HasModel ? "none" : model.IsReady ? "ready" : "loading";
        bool isReady = storeState == "ready" && modelState != "loading" && !lifetime.ApplicationStopping.IsCancellationRequested;
        return Results.Json(
            new Readiness(isReady ? "ok" : "not_ready", modelState, storeState),
            Http.ApiJson.Options,
            statusCode: isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
