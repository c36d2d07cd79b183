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
/// <param name="silos">Which silo of Orleans has which name; ours have the same names.</param>
internal sealed class ShardOwnerDirector(IClusterView cluster, ISiloStatusOracle silos) : IPlacementDirector
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    /// <exception cref="LatentDbException">not_owner.</exception>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        ClusterView view = cluster.Current;
        string? owner = view.Owners.IsEmpty ? null : view.OwnerOf(ShardId.Of(MemoryGrainIds.KeyOf(target.GrainIdentity), view.Owners.Length))?.Name;
        SiloAddress? place = owner is null ? null : context.GetCompatibleSilos(target).FirstOrDefault(silo => silos.TryGetSiloName(silo, out string? name) && name == owner);
        if (place is not null) return Task.FromResult(place);
        string why = owner is null ? "nobody owns its shard at this moment" : $"silo '{owner}', which owns its shard, is not among the living here";
        throw new LatentDbException(ErrorCode.NotOwner, $"{target.GrainIdentity} has no place: {why}.") { RetryAfter = RetryDelay };
    }
}
