namespace LatentDb.MemoryStore.Versions;

/// <summary>
/// Which past versions of a memory stay readable. A version is kept while one of the two rules keeps it; the head, and every version that a
/// snapshot names, are always kept.
/// </summary>
/// <param name="Window">Keeps each version that was the head at some moment of this span before now; null = no such rule.</param>
/// <param name="Versions">Keeps this many newest versions; null = no such rule.</param>
public sealed record RetentionPolicy(TimeSpan? Window, int? Versions)
{
    /// <summary>Seven days: long enough to notice a poisoned memory after a holiday weekend.</summary>
    public static RetentionPolicy Default { get; } = new(TimeSpan.FromDays(7), null);

    /// <summary>Nothing is ever dropped.</summary>
    public static RetentionPolicy Forever { get; } = new(null, null);

    /// <summary>True when no rule limits the past.</summary>
    public bool IsForever => Window is null && Versions is null;
}
