using LatentDb.MemoryStore.Links;
using Orleans.Runtime;

namespace LatentDb.Grains.Orleans;

/// <summary>What failures of Orleans mean to callers of ours.</summary>
internal static class CallFailures
{
    /// <summary>True for a call of which nobody can say whether it was made. One that was cancelled tells so itself.</summary>
    public static bool IsUnclear(Exception error) => error is OrleansException or TimeoutException or EnumerationAbortedException or ObjectDisposedException;

    /// <summary>As a call whose link broke.</summary>
    public static LinkBrokenException Broken(Exception error) => new("The silo that runs this memory cannot be reached.", error);
}
