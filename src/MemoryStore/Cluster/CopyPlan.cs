using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Cluster;

/// <summary>
/// Who should have a copy of a shard: a pure function of the view. Its owner, whoever it should go to by balance, and those that want it most by rendezvous
/// hashing; a silo that comes or goes changes the copies of its own shards only.
/// </summary>
public static class CopyPlan
{
    /// <summary>The silos, the owner among them; fewer when there are not enough.</summary>
    /// <param name="view">Living silos, present owners.</param>
    /// <param name="shard">Which one.</param>
    /// <param name="shards">How many there are.</param>
    /// <param name="copies">Copies that there should be.</param>
    public static ImmutableArray<SiloMember> Of(ClusterView view, ShardId shard, int shards, int copies)
    {
        ArgumentNullException.ThrowIfNull(view);
        var plan = new List<SiloMember>();
        if (view.OwnerOf(shard) is SiloMember owner) plan.Add(owner);
        SiloMember[] able = [.. view.Silos.Where(silo => silo.Roles.HasFlag(SiloRoles.Store) && !silo.IsDraining)];
        foreach (SiloMember silo in able.OrderByDescending(silo => ShardAssignment.Score(silo.Name, (ulong)shard.Value)).ThenBy(silo => silo.Name, StringComparer.Ordinal))
        {
            if (plan.Count < copies && !plan.Contains(silo)) plan.Add(silo);
        }

        // It gets a copy beyond the number first, and the shard when the copy counts.
        if (ShardAssignment.Balanced(view, shards)[shard.Value] is string next && view.Find(next) is SiloMember heir && !plan.Contains(heir)) plan.Add(heir);
        return [.. plan];
    }
}
