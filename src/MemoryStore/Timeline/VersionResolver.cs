using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Timeline;

/// <summary><c>at</c> to exactly one version, or a clear refusal.</summary>
internal static class VersionResolver
{
    /// <exception cref="LatentDbException">version_not_found, version_expired, snapshot_not_found.</exception>
    public static async ValueTask<VersionState> ResolveAsync(Shard shard, MemoryEntry entry, VersionSelector at)
    {
        switch (at)
        {
            case VersionSelector.HeadSelector:
                return entry.Head;
            case VersionSelector.NumberSelector number:
                return Require(entry, number.Number);
            case VersionSelector.SnapshotSelector snapshot:
                Snapshot named = entry.FindSnapshot(snapshot.Name)
                    ?? throw new LatentDbException(ErrorCode.SnapshotNotFound, $"Memory {entry.Key} has no snapshot {snapshot.Name}.");
                return entry.Find(named.Version)!;
            case VersionSelector.TimeSelector time:
                var stamp = new HybridTimestamp(time.Time.UtcTicks);
                await shard.ClosePastAsync(stamp).ConfigureAwait(false);
                VersionAtTime found = entry.FindAt(stamp);
                if (found.IsDropped) throw Expired($"The version that memory {entry.Key} had at {stamp} was dropped by retention.");
                return found.Version ?? throw NotFound($"Memory {entry.Key} did not exist at {stamp}; it was created at {entry.CreatedAt}.");
            default:
                throw new ArgumentOutOfRangeException(nameof(at), at, "Unknown version selector.");
        }
    }

    /// <exception cref="LatentDbException">version_not_found, version_expired.</exception>
    public static VersionState Require(MemoryEntry entry, VersionNumber number)
    {
        if (entry.Find(number) is VersionState version) return version;
        throw entry.IsDropped(number)
            ? Expired($"Version {number} of {entry.Key} was dropped by retention.")
            : NotFound($"Memory {entry.Key} has no version {number}; its head is version {entry.Head.Version.Number}.");
    }

    private static LatentDbException Expired(string message) => new(ErrorCode.VersionExpired, message);

    private static LatentDbException NotFound(string message) => new(ErrorCode.VersionNotFound, message);
}
