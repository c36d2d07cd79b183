using LatentDb.Grains.Contracts;
using LatentDb.Grains.Remote;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;
using Orleans;

namespace LatentDb.Grains.Orleans;

/// <summary>
/// Grains of Orleans, whose placement looks for the owner by itself, in the same view. An owner that is no silo of Orleans, not yet or not any more, is
/// asked over a link, as archives always are: they are streams, and no messages.
/// </summary>
/// <param name="factory">Makes references to grains.</param>
/// <param name="silos">Where they live.</param>
/// <param name="links">The other way.</param>
internal sealed class OrleansGrains(IGrainFactory factory, OwnerSilos silos, LinkGrains links) : IOwnerGrains
{
    public IMemoryGrain Find(MemoryKey key, SiloMember owner)
    {
        IMemoryGrain link = links.Find(key, owner);
        return silos.Find(owner.Name) is null ? link : new OrleansMemoryGrain(factory.GetGrain<IMemoryGrain>(MemoryGrainIds.Of(key)), link);
    }
}
