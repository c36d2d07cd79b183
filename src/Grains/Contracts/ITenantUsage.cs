using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Contracts;

/// <summary>What a tenant has stored, for its quota. Thread-safe.</summary>
public interface ITenantUsage
{
    /// <summary>
    /// Exact in one process. In a cluster at most five seconds old for a tenant that is asked for all the time, and the last that was known when owners
    /// cannot be reached.
    /// </summary>
    ValueTask<TenantUsage> UsageOfAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>As of now, for who is told it or decides by it once: all owners are asked.</summary>
    /// <exception cref="LatentDbException">not_owner, silo_unreachable: a part could not be counted.</exception>
    ValueTask<TenantUsage> CountAsync(TenantId tenant, CancellationToken cancellationToken);
}
