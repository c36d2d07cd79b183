using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using Orleans;

namespace LatentDb.Grains.Orleans;

/// <summary>Memories as grains of Orleans. What does not belong into its messages, archives and lists, goes the other way.</summary>
/// <param name="factory">Makes references to grains.</param>
/// <param name="links">The host that reaches other silos without Orleans.</param>
/// <param name="calls">Asks again while a shard changes hands.</param>
internal sealed class OrleansGrainHost(IGrainFactory factory, IGrainHost links, OwnerCalls calls) : IGrainHost
{
    public IMemoryGrain GetMemory(MemoryKey key) => new OrleansMemoryGrain(factory.GetGrain<IMemoryGrain>(MemoryGrainIds.Of(key)), links.GetMemory(key), calls);

    public Task<ImmutableArray<MemorySummary>> ListMemoriesAsync(TenantId tenant, int limit, MemoryId? after, CancellationToken cancellationToken) =>
        links.ListMemoriesAsync(tenant, limit, after, cancellationToken);
}
