using System.Runtime.ExceptionServices;

namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>
/// Work that falls into ranges with independent outputs; whoever is free claims the next range. Objects are reused (<see cref="JobRack{TJob}"/>),
/// so that a call allocates nothing. The bookkeeping fields belong to <see cref="WorkerPool"/>.
/// </summary>
internal abstract class PoolJob
{
    private readonly object _done = new();
    private Exception? _failure;
    private int _claimed;
    private int _ranges;
    private int _helpers;

    /// <summary>Next in the pool's list of open jobs; guarded by the pool's gate.</summary>
    public PoolJob? NextOpen { get; set; }

    /// <summary>In the pool's list; guarded by the pool's gate.</summary>
    public bool IsOpen { get; set; }

    public bool HasUnclaimed => Volatile.Read(ref _claimed) < _ranges;

    /// <summary>Computes range <paramref name="range"/>. Must not call the pool again.</summary>
    public abstract void Run(int range);

    public void Begin(int ranges)
    {
        _failure = null;
        _ranges = ranges;
        Volatile.Write(ref _claimed, 0);
    }

    /// <summary>Claims and runs the next range; false when none is left.</summary>
    public bool RunNext()
    {
        int range = Interlocked.Increment(ref _claimed) - 1;
        if (range >= _ranges) return false;
        try
        {
            Run(range);
        }
#pragma warning disable CA1031 // Whatever a range throws on a worker's thread belongs to the caller, who gets it rethrown.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
            Volatile.Write(ref _claimed, _ranges);
            return false;
        }

        return true;
    }

    public void AddHelper() => Interlocked.Increment(ref _helpers);

    /// <summary>The last helper to leave wakes the caller. Late pulses on a job in its next use are harmless: the waiter looks again.</summary>
    public void RemoveHelper()
    {
        if (Interlocked.Decrement(ref _helpers) != 0) return;
        lock (_done) Monitor.Pulse(_done);
    }

    /// <summary>Returns when no helper is inside, and rethrows what a range threw.</summary>
    public void AwaitHelpers()
    {
        for (int spins = 0; spins < 200 && Volatile.Read(ref _helpers) > 0; spins++) Thread.SpinWait(20);
        if (Volatile.Read(ref _helpers) > 0)
        {
            lock (_done)
            {
                while (Volatile.Read(ref _helpers) > 0) Monitor.Wait(_done);
            }
        }

        if (_failure is { } failure) ExceptionDispatchInfo.Throw(failure);
    }
}
