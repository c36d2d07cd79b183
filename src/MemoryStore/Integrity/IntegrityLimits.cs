namespace LatentDb.MemoryStore.Integrity;

/// <summary>Every bound of the integrity room, with its unit and its origin.</summary>
internal static class IntegrityLimits
{
    /// <summary>Damages that a report lists: whoever has more has to restore, not to read.</summary>
    public const int MaxDamages = 10_000;

    /// <summary>Times that a count of live bytes is tried while writes go on.</summary>
    public const int QuietAttempts = 3;

    /// <summary>Times that a shard is checked when it is opened again meanwhile.</summary>
    public const int OpenedAgainAttempts = 3;

    /// <summary>Segments that an inspection lists one by one; all of them are in its sums.</summary>
    public const int MaxSegments = 10_000;
}
