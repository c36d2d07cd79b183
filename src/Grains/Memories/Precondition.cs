using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

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

/// <summary>Compares with a first request of which no digest was kept: programs before the digests kept only the key.</summary>
internal static class Replay
{
    /// <summary>Only where the first call's text was kept can the two be compared; without it the key alone decides.</summary>
    /// <exception cref="LatentDbException">idempotency_mismatch.</exception>
    public static void RequireSameText(string? kept, TextInput text, string operation)
    {
        if (kept is null || string.Equals(kept, InjectedTextFormat.Encode(text), StringComparison.Ordinal)) return;
        throw Mismatch(operation, "with another text");
    }

    /// <summary>A number names the same version for ever, so two numbers tell two requests apart; what a time or a name means may change.</summary>
    /// <exception cref="LatentDbException">idempotency_mismatch.</exception>
    public static void RequireSameTarget(MemoryVersion first, VersionSelector to, string operation)
    {
        if (to is not VersionSelector.NumberSelector { Number: var number } || number == first.RestoredFrom) return;
        throw Mismatch(operation, $"to go back to version {first.RestoredFrom}");
    }

    private static LatentDbException Mismatch(string operation, string how) =>
        new(ErrorCode.IdempotencyMismatch, $"The idempotency key '{operation}' was used {how} before; choose another, or send the same request.");
}
