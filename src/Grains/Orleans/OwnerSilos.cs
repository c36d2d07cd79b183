using Orleans.Runtime;

namespace LatentDb.Grains.Orleans;

/// <summary>Where Orleans has the silo of a name; ours have the same names there. Thread-safe.</summary>
internal sealed class OwnerSilos(IClusterMembershipService members)
{
    /// <summary>
    /// Null when Orleans does not count it among the living, yet or any more. The newest of that name: one that was killed and started again is in the
    /// list twice until the first has been missed.
    /// </summary>
    public SiloAddress? Find(string owner) =>
        members.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active && member.Name == owner).MaxBy(member => member.SiloAddress.Generation)?.SiloAddress;
}
