using System.Diagnostics;

namespace LatentDb.ModelHost.Hosting;

/// <summary>Adds up the time of the stages of one request.</summary>
internal struct StageClock(TimeProvider time)
{
    private long _mark = time.GetTimestamp();

    /// <summary>The time since the clock was made or last read.</summary>
    public TimeSpan Lap()
    {
        long now = time.GetTimestamp();
        TimeSpan lap = time.GetElapsedTime(_mark, now);
        _mark = now;
        Debug.Assert(lap >= TimeSpan.Zero, "Timestamps never run back.");
        return lap;
    }
}
