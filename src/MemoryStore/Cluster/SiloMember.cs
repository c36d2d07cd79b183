namespace LatentDb.MemoryStore.Cluster;

/// <summary>One process of the cluster, as the membership table knows it.</summary>
/// <param name="Name">Unique among the living; in Kubernetes the pod's name.</param>
/// <param name="Incarnation">A new one each time a process of that name starts: what an earlier one held is not the later one's.</param>
/// <param name="Address">Where other silos reach it, host:port.</param>
/// <param name="Roles">What it does.</param>
/// <param name="IsDraining">True once it takes nothing new: it hands its shards over and ends.</param>
/// <param name="Load">Requests that use or wait for its model, over the places it has for them; 0 without a model.</param>
public sealed record SiloMember(string Name, Guid Incarnation, string Address, SiloRoles Roles, bool IsDraining, double Load);

/// <summary>What a silo does; one process may do it all.</summary>
[Flags]
public enum SiloRoles
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Owns shards and runs the grains of their memories.</summary>
    Store = 1,

    /// <summary>Runs the model for others.</summary>
    Model = 2,

    /// <summary>Answers clients.</summary>
    Api = 4,
}
