using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace LatentDb.Grains.Orleans;

/// <summary>A grain lives where its memory's shard is owned, and nowhere else.</summary>
internal sealed class ShardOwnerPlacement : PlacementStrategy;

/// <summary>Marks a grain that lives where its memory's shard is owned.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ShardOwnerPlacementAttribute() : PlacementAttribute(new ShardOwnerPlacement());

/// <summary>Finds the owner in this silo's view. Without one the call fails: any other silo could only refuse it later.</summary>
/// <param name="cluster">Who owns what.</param>
/// <param name="silos">Where they are.</param>
internal sealed class ShardOwnerDirector(IClusterView cluster, OwnerSilos silos) : IPlacementDirector
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    /// <exception cref="LatentDbException">not_owner.</exception>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        ClusterView view = cluster.Current;
        SiloMember? owner = view.Owners.IsEmpty ? null : view.OwnerOf(ShardId.Of(MemoryGrainIds.KeyOf(target.GrainIdentity), view.Owners.Length));
        if (owner is not null && silos.Find(owner.Name) is { } place) return Task.FromResult(place);
        string why = owner is null ? "nobody owns its shard at this moment" : $"silo '{owner.Name}', which owns its shard, is not among the living here";
        throw new LatentDbException(ErrorCode.NotOwner, $"{target.GrainIdentity} has no place: {why}.") { RetryAfter = RetryDelay };
    }
}
