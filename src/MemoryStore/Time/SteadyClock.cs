namespace LatentDb.MemoryStore.Time;

/// <summary>
/// The wall clock for deleting what is old: it is never further on than the time that has gone by since the start, so that a wall clock which jumps forward
/// makes nothing old. Thread-safe.
/// </summary>
/// <remarks>
/// What it cannot know is whether the wall clock was right at the start. Where it ran ahead then, it is believed; where it was behind, things are kept longer,
/// until the next start. A machine's sleep does not count as time either.
/// </remarks>
/// <param name="time">The machine's clocks.</param>
public sealed class SteadyClock(TimeProvider time)
{
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly long _started = time.GetTimestamp();

    /// <summary>Now, or less.</summary>
    public DateTimeOffset Now
    {
        get
        {
            DateTimeOffset steady = _startedAt + time.GetElapsedTime(_started);
            DateTimeOffset wall = time.GetUtcNow();
            return wall < steady ? wall : steady;
        }
    }
}
