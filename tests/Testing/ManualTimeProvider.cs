namespace LatentDb.Testing;

/// <summary>Clocks that move only when the test says so, a steady one and the wall's, which can jump as a real one does; timers that become due fire inside <see cref="Advance"/>, in order.</summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private long _steadyTicks = TimeSpan.TicksPerDay;
    private DateTimeOffset _wallAtZero = new(2025, 12, 31, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _wallAtZero.AddTicks(_steadyTicks);
    }

    public override long GetTimestamp()
    {
        lock (_lock) return _steadyTicks;
    }

    /// <summary>Sets the wall clock, also backwards; what measures or waits sees nothing of it.</summary>
    public void Set(DateTimeOffset now)
    {
        lock (_lock) _wallAtZero = now.AddTicks(-_steadyTicks);
    }

    public void Advance(TimeSpan by)
    {
        long end = GetTimestamp() + by.Ticks;
        while (true)
        {
            ManualTimer? due;
            lock (_lock)
            {
                due = _timers.Where(t => t.Due <= end).MinBy(t => t.Due);
                _steadyTicks = due is null ? end : Math.Max(due.Due, _steadyTicks);
            }

            if (due is null) return;
            due.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        /// <summary>By the steady clock.</summary>
        public long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._lock)
            {
                owner._timers.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = owner._steadyTicks + dueTime.Ticks;
                owner._timers.Add(this);
            }

            return true;
        }

        public void Fire()
        {
            lock (owner._lock)
            {
                if (!owner._timers.Remove(this)) return;
                if (_period > TimeSpan.Zero)
                {
                    Due += _period.Ticks;
                    owner._timers.Add(this);
                }
            }

            callback(state);
        }

        public void Dispose()
        {
            lock (owner._lock) owner._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
