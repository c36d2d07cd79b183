namespace LatentDb.Silo.Audit;

/// <summary>Bounds of the audit log.</summary>
internal static class AuditLimits
{
    /// <summary>Bytes of a segment, after which the next begins: some 60,000 lines, so that retention goes in steps of hours to weeks.</summary>
    public const long SegmentBytes = 16L << 20;

    /// <summary>Bytes of one line; names and ids are bounded, so a longer one is damage.</summary>
    public const int MaxLineBytes = 8 * 1024;

    /// <summary>Lines that wait to be written; one more waits for room.</summary>
    public const int MaxWaiting = 4096;

    /// <summary>Lines that one sync covers.</summary>
    public const int MaxBatch = 1024;

    /// <summary>Uses of keys that are counted until the minute is over; when there are more they are written at once.</summary>
    public const int MaxTallies = 10_000;

    /// <summary>Lines that one page of a listing looks at; it then ends early, with a cursor.</summary>
    public const int MaxScannedLines = 50_000;

    public static readonly TimeSpan TallyPause = TimeSpan.FromMinutes(1);

    /// <summary>After a failure the log is tried again so often, by a write that needs it.</summary>
    public static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>How old the anchor may get: what it covers cannot be cut off unnoticed, even when the process is killed.</summary>
    public static readonly TimeSpan AnchorPause = TimeSpan.FromSeconds(1);
}
