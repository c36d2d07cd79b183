using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;

namespace LatentDb.Grains.Remote;

/// <summary>When a call may be made again, and how long that goes on.</summary>
internal static class RouteRules
{
    /// <summary>After this a caller is told. A crashed owner is replaced when its lease of 6 s is over, somebody has looked, and the shard is open.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>A look at the table that takes longer does not hold the next try back.</summary>
    public static readonly TimeSpan RefreshLimit = TimeSpan.FromSeconds(1);

    /// <summary>What a caller is told to wait who was sent away in the end.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(1);

    /// <summary>Doubles from the first to the longest: a hand-over takes milliseconds, a crash seconds.</summary>
    public static TimeSpan PauseBefore(int retry) => TimeSpan.FromTicks(Math.Min(MaxPause.Ticks, FirstPause.Ticks << Math.Min(retry, 10)));

    /// <summary>True when another try may succeed and does no harm.</summary>
    /// <param name="error">How the last one ended.</param>
    /// <param name="isRepeatable">A second try of what may have been done already gives the first one's answer: reads, and writes under a key.</param>
    public static bool MayRepeat(LatentDbException error, bool isRepeatable)
    {
        // Whether these have been acted upon is not known; the others are said before anything is done.
        if (error is LinkBrokenException || error.Code == ErrorCode.StaleOwner || error.Code == ErrorCode.NotEnoughCopies) return isRepeatable;
        return error.Code == ErrorCode.NotOwner || error.Code == ErrorCode.SiloUnreachable || error.Code == ErrorCode.ShuttingDown;
    }
}
