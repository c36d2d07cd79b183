using System.Collections.Concurrent;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Access;

namespace LatentDb.Silo.Limits;

/// <summary>Lets a tenant's requests in as its limits allow, and counts what they used.</summary>
/// <remarks>
/// Rates are refused with a time to wait. Quotas are of what is stored, so waiting helps nothing and they are refused without one; they are looked at
/// before a write, so that a tenant may be over by what its running writes add.
/// </remarks>
internal sealed class TenantGate(AccessCatalog access, ITenantUsage usage, SiloOptions options, TimeProvider time)
{
    /// <summary>A generation takes seconds, not minutes; so long is a fair guess of when a place is free.</summary>
    private static readonly TimeSpan GenerationWait = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<TenantId, TenantMeter> _meters = new();

    public EffectiveLimits LimitsOf(TenantId tenant) => EffectiveLimits.Of(options, access.State.Find(tenant)?.Limits ?? TenantLimits.Default);

    /// <summary>The meter of a tenant; there are at most as many as tenants that are known.</summary>
    public TenantMeter MeterOf(TenantId tenant) => _meters.GetOrAdd(tenant, static (_, clock) => new TenantMeter(clock), time);

    /// <summary>Lets a request in, or says why not.</summary>
    /// <returns>The place it takes; to be disposed when it ends.</returns>
    /// <exception cref="LatentDbException">rate_limited, quota_exceeded.</exception>
    public ValueTask<Admission> AdmitAsync(TenantId tenant, Costs costs, long uploadBytes, CancellationToken cancellationToken)
    {
        EffectiveLimits limits = LimitsOf(tenant);
        TenantMeter meter = MeterOf(tenant);
        Wait(meter.Requests.Take(limits.RequestsPerMinute), "requests", limits.RequestsPerMinute);
        return AdmitWorkAsync(tenant, costs, uploadBytes, limits, meter, cancellationToken);
    }

    /// <summary>As <see cref="AdmitAsync"/>, for one of several pieces of work of a request that is already let in.</summary>
    /// <exception cref="LatentDbException">rate_limited, quota_exceeded.</exception>
    public ValueTask<Admission> AdmitWorkAsync(TenantId tenant, Costs costs, CancellationToken cancellationToken) =>
        AdmitWorkAsync(tenant, costs, uploadBytes: 0, LimitsOf(tenant), MeterOf(tenant), cancellationToken);

    /// <summary>Counts tokens that the model has read and written for a tenant.</summary>
    public void ChargeTokens(TenantId tenant, long tokens) => MeterOf(tenant).Tokens.Charge(LimitsOf(tenant).TokensPerMinute, tokens);

    /// <summary>Counts injects beyond the one that a request was let in for.</summary>
    public void ChargeInjects(TenantId tenant, int injects) => MeterOf(tenant).Injects.Charge(LimitsOf(tenant).InjectsPerMinute, injects);

    private async ValueTask<Admission> AdmitWorkAsync(
        TenantId tenant, Costs costs, long uploadBytes, EffectiveLimits limits, TenantMeter meter, CancellationToken cancellationToken)
    {
        await RequireRoomAsync(tenant, costs, uploadBytes, limits, cancellationToken).ConfigureAwait(false);
        if (!costs.HasFlag(Costs.Generation) && !costs.HasFlag(Costs.Inject)) return Admission.Free;
        Wait(meter.Tokens.Ask(limits.TokensPerMinute), "tokens", limits.TokensPerMinute);
        if (costs.HasFlag(Costs.Inject)) Wait(meter.Injects.Take(limits.InjectsPerMinute), "injects", limits.InjectsPerMinute);
        if (meter.TryBegin(limits.ConcurrentGenerations)) return new Admission(meter);
        LimitMetrics.Refused("generations");
        throw new LatentDbException(LimitErrorCode.RateLimited, $"The tenant has {limits.ConcurrentGenerations} requests at the model already, as many as it may.") { RetryAfter = GenerationWait };
    }

    private async ValueTask RequireRoomAsync(TenantId tenant, Costs costs, long uploadBytes, EffectiveLimits limits, CancellationToken cancellationToken)
    {
        bool grows = (costs & (Costs.Growth | Costs.Memory)) != Costs.None;
        if (!grows || (limits.Memories == 0 && limits.Bytes == 0)) return;
        TenantUsage used = await usage.UsageOfAsync(tenant, cancellationToken).ConfigureAwait(false);
        long needed = costs.HasFlag(Costs.Upload) ? uploadBytes : 0;
        if (costs.HasFlag(Costs.Memory) && limits.Memories > 0 && used.Memories >= limits.Memories) throw Full("memories", used.Memories, limits.Memories);
        if (limits.Bytes > 0 && (used.Bytes >= limits.Bytes || used.Bytes + needed > limits.Bytes)) throw Full("bytes", used.Bytes, limits.Bytes);
    }

    private static void Wait(TimeSpan wait, string what, int perMinute)
    {
        if (wait == TimeSpan.Zero) return;
        LimitMetrics.Refused(what);
        throw new LatentDbException(LimitErrorCode.RateLimited, $"The tenant may have {perMinute} {what} per minute, and has had them.") { RetryAfter = wait };
    }

    private static LatentDbException Full(string what, long used, long allowed)
    {
        LimitMetrics.Refused($"{what}_quota");
        return new LatentDbException(SecurityErrorCode.QuotaExceeded, $"The tenant has {used} {what} of {allowed} that it may have; erase what nobody needs, or ask for more.");
    }
}

/// <summary>A request's place among those that use the model, or none.</summary>
internal sealed class Admission(TenantMeter? meter) : IDisposable
{
    public static readonly Admission Free = new(null);

    private TenantMeter? _meter = meter;

    /// <summary>Gives the place back; once.</summary>
    public void Dispose() => Interlocked.Exchange(ref _meter, null)?.End();
}
