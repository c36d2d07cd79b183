using System.Diagnostics;

namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>
/// Persistent threads that help callers with the ranges of a <see cref="PoolJob"/>. The caller always works too, so a call needs no free worker
/// to finish, and several callers cannot block each other. Workers help only while callers and helpers together are fewer than
/// <see cref="Threads"/>, and step aside after a range when there are more. A call allocates nothing.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    // Operations of one forward pass follow each other within microseconds, while waking a sleeping thread costs about 50 of them.
    private static readonly long SpinTicks = Stopwatch.Frequency / 20_000;

    private readonly object _gate = new();
    private readonly Thread[] _workers;
    private PoolJob? _firstOpen;
    private PoolJob? _lastOpen;
    private int _openJobs;
    private int _busy;
    private int _sleeping;
    private bool _stopping;

    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _workers = new Thread[threads - 1];
        for (int i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new Thread(Work) { IsBackground = true, Name = $"latentdb-compute-{i + 1}" };
            _workers[i].Start();
        }
    }

    /// <summary>Threads that compute at once, one caller included.</summary>
    public int Threads { get; }

    /// <summary>Runs all ranges and returns when they are done. What a range throws is rethrown here, once; ranges not yet begun are then left out.</summary>
    /// <param name="job">The work.</param>
    /// <param name="ranges">Number of its ranges.</param>
    /// <param name="alone">The caller does all of it: less work than calling for help is worth.</param>
    public void Run(PoolJob job, int ranges, bool alone = false)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _stopping), this);
        if (alone || ranges <= 1 || _workers.Length == 0)
        {
            for (int range = 0; range < ranges; range++) job.Run(range);
            return;
        }

        job.Begin(ranges);
        Open(job, ranges - 1);
        while (job.RunNext())
        {
        }

        lock (_gate)
        {
            Close(job);
            LeaveOne();
        }

        job.AwaitHelpers();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        foreach (Thread worker in _workers) worker.Join();
    }

    private void Open(PoolJob job, int helpersWanted)
    {
        lock (_gate)
        {
            _busy++;
            job.IsOpen = true;
            if (_lastOpen is null) _firstOpen = job;
            else _lastOpen.NextOpen = job;
            _lastOpen = job;
            Volatile.Write(ref _openJobs, _openJobs + 1);
            for (int i = Math.Min(helpersWanted, _sleeping); i > 0; i--) Monitor.Pulse(_gate);
        }
    }

    private void Close(PoolJob job)
    {
        if (!job.IsOpen) return;
        PoolJob? before = null;
        PoolJob? at = _firstOpen;
        while (at != job)
        {
            before = at;
            at = at!.NextOpen;
        }

        if (before is null) _firstOpen = job.NextOpen;
        else before.NextOpen = job.NextOpen;
        if (_lastOpen == job) _lastOpen = before;
        job.NextOpen = null;
        job.IsOpen = false;
        Volatile.Write(ref _openJobs, _openJobs - 1);
    }

    private void LeaveOne()
    {
        Volatile.Write(ref _busy, _busy - 1);
        if (_openJobs > 0 && _sleeping > 0) Monitor.Pulse(_gate);
    }

    private void Work()
    {
        while (TakeJob() is { } job)
        {
            while (job.RunNext() && Volatile.Read(ref _busy) <= Threads)
            {
            }

            lock (_gate) LeaveOne();
            job.RemoveHelper();
        }
    }

    /// <summary>Null when the pool stops.</summary>
    private PoolJob? TakeJob()
    {
        long deadline = Stopwatch.GetTimestamp() + SpinTicks;
        while (Stopwatch.GetTimestamp() < deadline)
        {
            if (Volatile.Read(ref _openJobs) > 0 && Volatile.Read(ref _busy) < Threads)
            {
                lock (_gate)
                {
                    if (TryTakeOpen() is { } job) return job;
                }
            }

            Thread.SpinWait(10);
        }

        lock (_gate)
        {
            while (!_stopping)
            {
                if (TryTakeOpen() is { } job) return job;
                _sleeping++;
                Monitor.Wait(_gate);
                _sleeping--;
            }

            return null;
        }
    }

    private PoolJob? TryTakeOpen()
    {
        while (_busy < Threads && _firstOpen is { } job)
        {
            if (job.HasUnclaimed)
            {
                job.AddHelper();
                _busy++;
                return job;
            }

            Close(job);
        }

        return null;
    }
}
