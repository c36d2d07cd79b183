using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;

namespace LatentDb.Grains.Remote;

/// <summary>Grains of this silo as they are, those of others over links.</summary>
/// <param name="self">This silo's name.</param>
/// <param name="links">Ways to other silos.</param>
/// <param name="local">The grains of this silo; null = it owns no shards.</param>
internal sealed class LinkGrains(string self, ISiloLinks links, LocalGrains? local) : IOwnerGrains
{
    public bool IsHere(SiloMember owner) => local is not null && string.Equals(owner.Name, self, StringComparison.Ordinal);

    public IMemoryGrain Find(MemoryKey key, SiloMember owner) => IsHere(owner) ? local!.GetMemory(key) : new RemoteMemoryGrain(key, new GrainLink(links, owner.Address));
}
