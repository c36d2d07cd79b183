using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Replication;

/// <summary>How the shards of this silo are copied to others.</summary>
public sealed class ReplicationOptions
{
    /// <summary>Default none.</summary>
    public ReplicationMode Mode { get; set; }

    /// <summary>Copies of each shard, the owner's among them. Default 3: one may be lost and one be away at the same time.</summary>
    public int Copies { get; set; } = 3;

    /// <summary>With fewer copies in sync no write is taken in quorum mode. Default 2.</summary>
    public int MinInSync { get; set; } = 2;

    /// <summary>Bytes that wait for a follower at most; one that is further behind is cut off and copied anew. Default 128 MiB, twice what a log lets wait for a commit.</summary>
    public long MaxLagBytes { get; set; } = 2 * StoreLimits.MaxPendingBytes;

    /// <summary>A follower that is silent for so long is taken out of the set, so that writes go on without it. Default 3 s: less than a lease, more than a pause of a busy machine.</summary>
    public TimeSpan DropAfter { get; set; } = TimeSpan.FromSeconds(3);

    /// <exception cref="LatentDbException">configuration_invalid, with the value.</exception>
    public void Check()
    {
        if (Copies is < 2 or > ReplicationLimits.MaxCopies) throw Invalid(nameof(Copies), Copies, $"2 to {ReplicationLimits.MaxCopies}");
        if (MinInSync < 1 || MinInSync > Copies) throw Invalid(nameof(MinInSync), MinInSync, $"1 to {Copies}");
        if (MaxLagBytes < StoreLimits.MaxPendingBytes) throw Invalid(nameof(MaxLagBytes), MaxLagBytes, $"{StoreLimits.MaxPendingBytes} or more");
        if (DropAfter <= TimeSpan.Zero) throw Invalid(nameof(DropAfter), DropAfter, "more than 0");
    }

    private static LatentDbException Invalid(string name, object value, string allowed) =>
        new(ErrorCode.ConfigurationInvalid, $"The replication option {name} has the value '{value}'; allowed: {allowed}.");
}
