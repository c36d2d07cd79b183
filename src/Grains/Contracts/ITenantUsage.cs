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
}
