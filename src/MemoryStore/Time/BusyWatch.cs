namespace LatentDb.MemoryStore.Time;

/// <summary>How long a loop has been at one turn of its work: one that waits for work is not busy, one that hangs is busy without end. One thread begins and ends; any may look.</summary>
/// <param name="time">Measures.</param>
public sealed class BusyWatch(TimeProvider time)
{
    private const long Idle = long.MinValue;

    private long _since = Idle;

    /// <summary>Zero while there is nothing to do.</summary>
    public TimeSpan BusyFor => Volatile.Read(ref _since) is long since and not Idle ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>A turn begins.</summary>
    public void Begin() => Volatile.Write(ref _since, time.GetTimestamp());

    /// <summary>It is over.</summary>
    public void End() => Volatile.Write(ref _since, Idle);
}
