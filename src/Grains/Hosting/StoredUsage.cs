using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Hosting;

/// <summary>Usage of a process that has all shards.</summary>
internal sealed class StoredUsage(MemoryCatalog catalog) : ITenantUsage
{
    public ValueTask<TenantUsage> UsageOfAsync(TenantId tenant, CancellationToken cancellationToken) => ValueTask.FromResult(catalog.UsageOf(tenant));

    public ValueTask<TenantUsage> CountAsync(TenantId tenant, CancellationToken cancellationToken) => UsageOfAsync(tenant, cancellationToken);
}
