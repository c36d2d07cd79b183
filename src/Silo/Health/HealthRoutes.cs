using LatentDb.MemoryStore.Hosting;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http.Description;

namespace LatentDb.Silo.Health;

/// <summary>GET /healthz: the process lives. GET /readyz: it can serve, or what it waits for.</summary>
internal static class HealthRoutes
{
    /// <param name="Status">ok, or not_ready: also while the server drains before it stops.</param>
    /// <param name="Model">ready, loading, or none during maintenance.</param>
    /// <param name="Store">ready, closed, or read_only when writes have failed.</param>
    internal sealed record Readiness(string Status, string Model, string Store);

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", () => Results.Text("ok\n")).OpenToAll().WithTags("health").WithName("healthz").WithSummary("The process lives.").Produces<string>(200, "text/plain");
        app.MapGet("/readyz", Ready).OpenToAll().WithTags("health").WithName("readyz").WithSummary("The process can serve.").Produces<Readiness>(200).Produces<Readiness>(503);
    }

    private static IResult Ready(IModelHost model, MemoryStoreService store, SiloOptions options, IHostApplicationLifetime lifetime)
    {
        string storeState = !store.IsOpen ? "closed" : store.Failure is null ? "ready" : "read_only";
        string modelState = options.Maintenance ? "none" : model.IsReady ? "ready" : "loading";
        bool isReady = storeState == "ready" && (model.IsReady || options.Maintenance) && !lifetime.ApplicationStopping.IsCancellationRequested;
        return Results.Json(
            new Readiness(isReady ? "ok" : "not_ready", modelState, storeState),
            Http.ApiJson.Options,
            statusCode: isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
