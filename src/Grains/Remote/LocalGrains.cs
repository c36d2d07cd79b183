using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Remote;

/// <summary>The grains of the shards that this silo owns.</summary>
/// <param name="host">Runs them.</param>
/// <param name="catalog">The store below them.</param>
internal sealed class LocalGrains(IGrainHost host, MemoryCatalog catalog)
{
    public IMemoryGrain GetMemory(MemoryKey key) => host.GetMemory(key);

    public TenantUsage UsageOf(TenantId tenant) => catalog.UsageOf(tenant);

    /// <summary>A page of the memories in the shards that are open here, and which shards those were.</summary>
    /// <exception cref="LatentDbException">not_owner when a shard came or went meanwhile: the page would not say of which shards it is.</exception>
    public async Task<OwnedPage> ListAsync(TenantId tenant, int limit, MemoryId? after, CancellationToken cancellationToken)
    {
        ImmutableArray<ShardId> before = catalog.OpenShards;
        ImmutableArray<MemorySummary> memories = await host.ListMemoriesAsync(tenant, limit, after, cancellationToken).ConfigureAwait(false);
        if (!before.SequenceEqual(catalog.OpenShards)) throw new LatentDbException(ErrorCode.NotOwner, "A shard changed its owner while its memories were listed.");
        return new OwnedPage(memories, [.. before.Select(shard => shard.Value)]);
    }
}
