using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Telemetry;

namespace LatentDb.ModelHost.Scheduling;

/// <summary>Who may compute, and the computing: the line before the places, and the loop that serves those who have one. Thread-safe.</summary>
internal sealed class BatchScheduler : IDisposable
{
    private readonly AdmissionLine _line;
    private readonly ComputeLoop _loop;
    private readonly int _maxActive;

    public BatchScheduler(SchedulerOptions options, IDecoder decoder, TimeProvider time, LoopTelemetry? telemetry)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxActive, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxWaiting);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Layers, 1);
        _maxActive = options.MaxActive;
        _line = new AdmissionLine(options, time);
        _loop = new ComputeLoop(new LoopIteration(options, decoder, time, telemetry), time);
    }

    /// <summary>Requests that have a place now.</summary>
    public int Active => _line.Places;

    /// <summary>Whoever comes now must wait.</summary>
    public bool IsFull => _line.Places >= _maxActive;

    /// <summary>Requests that wait for one now.</summary>
    public int Waiting => _line.Waiting;

    /// <summary>Requests that found the line full, since the start.</summary>
    public long Refused => _line.Refused;

    /// <summary>For how long the loop has been at one turn; zero while it sleeps.</summary>
    public TimeSpan BusyFor => _loop.BusyFor;

    public int WaitingOf(RequestPriority priority) => _line.WaitingOf(priority);

    /// <summary>Takes a place; dispose it when nothing of the request is in the loop any more.</summary>
    /// <exception cref="LatentDbException">overloaded, with a time to retry; shutting_down.</exception>
    public ValueTask<Place> EnterAsync(Demand demand, CancellationToken cancellationToken) => _line.EnterAsync(demand, cancellationToken);

    /// <summary>Computes; the task ends when the loop does not touch the request's buffers any more, however it ended.</summary>
    public Task RunAsync(LoopRequest request) => _loop.RunAsync(request);

    public void Dispose()
    {
        _line.Close();
        _loop.Dispose();
    }
}
