namespace LatentDb.MemoryStore.Time;

/// <summary>Gives strictly increasing stamps, whatever the wall clock does; its high mark is the newest stamp in the log.</summary>
internal sealed class HybridClock(TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _last;

    /// <summary>The newest stamp given or observed.</summary>
    public HybridTimestamp Last
    {
        get
        {
            lock (_lock) return new HybridTimestamp(_last);
        }
    }

    /// <summary>A stamp later than every earlier one: the wall clock, or one tick after the last stamp when that is later.</summary>
    public HybridTimestamp Next()
    {
        lock (_lock)
        {
            _last = Math.Max(time.GetUtcNow().UtcTicks, _last + 1);
            return new HybridTimestamp(_last);
        }
    }

    /// <summary>Makes every later stamp greater than <paramref name="stamp"/>: used for the stamps found in the log.</summary>
    public void Observe(HybridTimestamp stamp)
    {
        lock (_lock) _last = Math.Max(_last, stamp.UtcTicks);
    }

    /// <summary>
    /// Closes the past up to <paramref name="asked"/>: no later stamp will be at or before it, so that a question about that time keeps its answer.
    /// A time that has not come yet closes only up to now.
    /// </summary>
    public void Close(HybridTimestamp asked) => Observe(new HybridTimestamp(Math.Min(asked.UtcTicks, time.GetUtcNow().UtcTicks)));
}
