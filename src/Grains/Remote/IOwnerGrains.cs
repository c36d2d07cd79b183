using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Grains.Remote;

/// <summary>Reaches a memory's grain once the owner is known. Each call is made once: whether to make it again, and where, is the router's business.</summary>
internal interface IOwnerGrains
{
    /// <summary>A handle, whose calls are not_owner when that silo turns out not to be the owner, and silo_unreachable when it cannot be asked.</summary>
    IMemoryGrain Find(MemoryKey key, SiloMember owner);
}
