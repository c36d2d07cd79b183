namespace LatentDb.ModelHost.Scheduling;

/// <summary>How fast places come free while somebody waits, and so when to come back. Used under the lock of its owner.</summary>
internal sealed class DrainRate(TimeProvider time)
{
    /// <summary>Weight of the newest gap: about the last eight count.</summary>
    private const double Newest = 0.125;

    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(60);

    private long? _last;
    private double _gapSeconds;

    /// <summary>Somebody began to wait, or a place was given to somebody who did: the next gap begins.</summary>
    public void Begin() => _last ??= time.GetTimestamp();

    /// <summary>A place came free.</summary>
    /// <param name="isWanted">Somebody waits for it.</param>
    public void Freed(bool isWanted)
    {
        if (_last is { } last)
        {
            double gap = time.GetElapsedTime(last).TotalSeconds;
            _gapSeconds = _gapSeconds == 0 ? gap : _gapSeconds + ((gap - _gapSeconds) * Newest);
        }

        _last = isWanted ? time.GetTimestamp() : null;
    }

    /// <summary>When a queue of this length will have been served, in whole seconds from 1 to 60.</summary>
    public TimeSpan RetryAfter(int waiting)
    {
        double current = _last is { } last ? time.GetElapsedTime(last).TotalSeconds : 0; // no place may have come free for long
        double seconds = Math.Ceiling(Math.Max(_gapSeconds, current) * waiting);
        return seconds >= Most.TotalSeconds ? Most : TimeSpan.FromSeconds(Math.Max(Least.TotalSeconds, seconds));
    }
}
