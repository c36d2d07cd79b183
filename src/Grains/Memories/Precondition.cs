using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Memories;

/// <summary>Optimistic concurrency: the caller says which head it has seen.</summary>
internal static class Precondition
{
    /// <exception cref="LatentDbException">version_conflict.</exception>
    public static void RequireHead(VersionNumber head, VersionNumber? expected)
    {
        if (expected is not { } wanted || wanted == head) return;
        throw new LatentDbException(ErrorCode.VersionConflict, $"The head is version {head}, not {wanted}; read it again and repeat the request.");
    }
}

/// <summary>An idempotency key that was used before.</summary>
internal static class Replay
{
    /// <summary>The first call's version, if that call was of the same kind.</summary>
    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static MemoryVersion Require(MemoryVersion first, VersionCause cause, string operation)
    {
        if (first.Cause == cause) return first;
        throw new LatentDbException(ErrorCode.InvalidRequest, $"The idempotency key '{operation}' was used by a {first.Cause} before; choose another.");
    }
}
