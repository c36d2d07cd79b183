namespace LatentDb.Silo.Limits;

/// <summary>
/// An allowance that fills up evenly, a minute's worth at most. What is known only afterwards is charged as debt: the level goes below zero and must be
/// earned back before anything more is let in. Thread-safe.
/// </summary>
internal sealed class MinuteAllowance(TimeProvider time)
{
    private static readonly double SecondsPerMinute = 60;

    private readonly Lock _lock = new();
    private double _level = double.MaxValue;
    private long _filledAt = time.GetTimestamp();

    /// <summary>Takes one, if there is one.</summary>
    /// <param name="perMinute">The limit, which may have changed since; 0 = none.</param>
    /// <returns>Zero = taken; else how long to wait for one.</returns>
    public TimeSpan Take(int perMinute) => Take(perMinute, 1);

    /// <summary>Asks for a sign of life: anything above zero lets in, and nothing is taken.</summary>
    /// <returns>Zero = there is something; else how long to wait.</returns>
    public TimeSpan Ask(int perMinute) => Take(perMinute, 0);

    /// <summary>Takes what was used, also when it is more than there is.</summary>
    public void Charge(int perMinute, long amount)
    {
        if (perMinute <= 0) return;
        lock (_lock)
        {
            Fill(perMinute);
            _level -= amount;
        }
    }

    /// <summary>How much there is now, and in how many seconds it will be full.</summary>
    public AllowanceLevel Look(int perMinute)
    {
        lock (_lock)
        {
            Fill(perMinute);
            return new AllowanceLevel(perMinute, (long)Math.Max(0, Math.Floor(_level)), (long)Math.Ceiling((perMinute - _level) * SecondsPerMinute / perMinute));
        }
    }

    private TimeSpan Take(int perMinute, int amount)
    {
        if (perMinute <= 0) return TimeSpan.Zero;
        lock (_lock)
        {
            Fill(perMinute);
            double missing = Math.Max(amount, double.Epsilon) - _level;
            if (missing > 0) return TimeSpan.FromSeconds(Math.Max(missing * SecondsPerMinute / perMinute, 0.001));
            _level -= amount;
            return TimeSpan.Zero;
        }
    }

    private void Fill(int perMinute)
    {
        long now = time.GetTimestamp();
        double earned = time.GetElapsedTime(_filledAt, now).TotalSeconds * perMinute / SecondsPerMinute;
        _level = Math.Min(perMinute, _level + earned);
        _filledAt = now;
    }
}

/// <summary>The state of an allowance.</summary>
/// <param name="PerMinute">The limit.</param>
/// <param name="Left">What may be taken now.</param>
/// <param name="FullInSeconds">When it will be full again.</param>
internal sealed record AllowanceLevel(int PerMinute, long Left, long FullInSeconds);
