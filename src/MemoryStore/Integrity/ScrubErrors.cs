using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Shards.Damages;

namespace LatentDb.MemoryStore.Integrity;

/// <summary>Which exceptions are findings of a scrub, and which end it.</summary>
internal static class ScrubErrors
{
    /// <summary>Bytes that are not what was written, or that the disk does not give back.</summary>
    public static bool IsDamage(Exception e) => e is IOException or UnauthorizedAccessException || (e is LatentDbException known && known.IsUnreadable());

    /// <summary>What was to be checked was erased or dropped by retention meanwhile.</summary>
    public static bool IsGone(Exception e) =>
        e is LatentDbException known && (known.Code == ErrorCode.MemoryNotFound || known.Code == ErrorCode.VersionExpired);
}
