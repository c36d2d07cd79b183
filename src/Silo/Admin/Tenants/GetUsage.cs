using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;
using LatentDb.Silo.Limits;

namespace LatentDb.Silo.Admin.Tenants;

/// <summary>GET /v1/usage: what the tenant uses, and what is left.</summary>
internal static class GetUsage
{
    /// <param name="Tenant">Whose.</param>
    /// <param name="Memories">Memories.</param>
    /// <param name="Bytes">Stored bytes.</param>
    /// <param name="RequestsPerMinute">Requests of the last minute.</param>
    /// <param name="InjectsPerMinute">Injects of the last minute.</param>
    /// <param name="TokensPerMinute">Tokens of the last minute.</param>
    /// <param name="ConcurrentGenerations">Requests that use the model now.</param>
    internal sealed record Answer(
        string Tenant, Amount Memories, Amount Bytes, Amount RequestsPerMinute, Amount InjectsPerMinute, Amount TokensPerMinute, Amount ConcurrentGenerations);

    /// <param name="Used">In use now; absent for rates, where nothing is counted without a limit.</param>
    /// <param name="Limit">What is allowed; absent = any number.</param>
    /// <param name="Left">What may still be used; absent without a limit.</param>
    internal sealed record Amount(long? Used, long? Limit, long? Left);

    public static async Task<IResult> HandleAsync(RequestScope scope, TenantGate gate, ITenantUsage usage, CancellationToken cancellationToken)
    {
        EffectiveLimits limits = gate.LimitsOf(scope.Tenant);
        TenantMeter meter = gate.MeterOf(scope.Tenant);
        TenantUsage stored = await usage.CountAsync(scope.Tenant, cancellationToken).ConfigureAwait(false);
        return Results.Json(
            new Answer(
                scope.Tenant.Value,
                Stock(stored.Memories, limits.Memories),
                Stock(stored.Bytes, limits.Bytes),
                Rate(meter.Requests, limits.RequestsPerMinute),
                Rate(meter.Injects, limits.InjectsPerMinute),
                Rate(meter.Tokens, limits.TokensPerMinute),
                Stock(meter.Generations, limits.ConcurrentGenerations)),
            ApiJson.Options);
    }

    private static Amount Stock(long used, long limit) => limit == 0 ? new Amount(used, null, null) : new Amount(used, limit, Math.Max(0, limit - used));

    private static Amount Rate(MinuteAllowance allowance, int perMinute)
    {
        if (perMinute == 0) return new Amount(null, null, null);
        AllowanceLevel level = allowance.Look(perMinute);
        return new Amount(null, perMinute, level.Left);
    }
}
