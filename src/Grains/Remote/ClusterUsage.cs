using System.Collections.Concurrent;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Remote;

/// <summary>
/// Usage gathered from all owners and kept for a few seconds: a quota is looked at before each write, and asking every silo each time would cost more than
/// the write. A tenant may so be over its quota by what it writes in that time. There are at most as many entries as tenants that are known.
/// </summary>
/// <param name="gather">Asks all owners.</param>
/// <param name="time">Ages what is kept.</param>
internal sealed class ClusterUsage(Func<TenantId, CancellationToken, Task<TenantUsage>> gather, TimeProvider time) : ITenantUsage
{
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<TenantId, Known> _known = new();

    /// <inheritdoc/>
    public async ValueTask<TenantUsage> UsageOfAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        bool isKnown = _known.TryGetValue(tenant, out Known? known);
        if (isKnown && time.GetElapsedTime(known!.At) < MaxAge) return known.Usage;
        try
        {
            return await CountAsync(tenant, cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException) when (isKnown)
        {
            return known!.Usage; // An owner is away: a quota is no reason to refuse what the others could take.
        }
    }

    /// <inheritdoc/>
    public async ValueTask<TenantUsage> CountAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        long now = time.GetTimestamp();
        TenantUsage usage = await gather(tenant, cancellationToken).ConfigureAwait(false);
        _known[tenant] = new Known(usage, now);
        return usage;
    }

    private sealed record Known(TenantUsage Usage, long At);
}
