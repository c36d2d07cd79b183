using LatentDb.Silo.Security;

namespace LatentDb.Silo.Limits;

/// <summary>Holds each request to its tenant's limits, after the caller is known. What only operators may do is not counted, so that they can always mend.</summary>
internal sealed class LimitRequests(RequestDelegate next, TenantGate gate)
{
    public async Task InvokeAsync(HttpContext context)
    {
        Endpoint? endpoint = context.GetEndpoint();
        if (context.Features.Get<Caller>() is not { } caller || endpoint?.Metadata.GetMetadata<RequiredRole>()?.Role == Role.Operator)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        EffectiveLimits limits = gate.LimitsOf(caller.Tenant);
        if (limits.HasRates) TellWhatIsLeft(context, limits, gate.MeterOf(caller.Tenant));
        using Admission admission = await gate.AdmitAsync(caller.Tenant, RouteCosts.Of(endpoint), context.Request.ContentLength ?? 0, context.RequestAborted).ConfigureAwait(false);
        await next(context).ConfigureAwait(false);
    }

    private static void TellWhatIsLeft(HttpContext context, EffectiveLimits limits, TenantMeter meter) => context.Response.OnStarting(() =>
    {
        RateLimitHeaders.Write(context.Response.Headers, limits, meter);
        return Task.CompletedTask;
    });
}
