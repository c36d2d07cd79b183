using LatentDb.MemoryStore.Errors;

namespace LatentDb.ModelHost.Scheduling;

/// <summary>
/// Admits a bounded number of requests and lets them compute in turns: one chunk, one prefill or one token a turn, first come first served, so
/// that a long inject does not stall other users' tokens. Thread-safe.
/// </summary>
internal sealed class StepScheduler : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly SchedulerOptions _options;
    private readonly SemaphoreSlim _places;
    private readonly SemaphoreSlim _turns;
    private int _waiting;
    private long _refused;

    public StepScheduler(SchedulerOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxActive, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxWaiting);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ConcurrentSteps, 1);
        _options = options;
        _places = new SemaphoreSlim(options.MaxActive, options.MaxActive);
        _turns = new SemaphoreSlim(options.ConcurrentSteps, options.ConcurrentSteps);
    }

    /// <summary>Requests that wait for a place now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Requests that have a place now.</summary>
    public int Active => _options.MaxActive - _places.CurrentCount;

    /// <summary>Requests that found the queue full, since the start.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Takes a place for one request; dispose it to give the place back.</summary>
    /// <exception cref="LatentDbException">overloaded, with a time to retry, when the queue is full.</exception>
    public ValueTask<Admission> EnterAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
#pragma warning disable VSTHRD103 // A zero time-out never blocks.
        return _places.Wait(0, CancellationToken.None) ? ValueTask.FromResult(new Admission(this)) : EnterSlowAsync(cancellationToken);
#pragma warning restore VSTHRD103
    }

    public void Dispose()
    {
        _places.Dispose();
        _turns.Dispose();
    }

    private async ValueTask<Admission> EnterSlowAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > _options.MaxWaiting)
            {
                Interlocked.Increment(ref _refused);
                throw new LatentDbException(ErrorCode.Overloaded, $"{_options.MaxActive} requests are running and {_options.MaxWaiting} are waiting for the model.")
                {
                    RetryAfter = RetryDelay,
                };
            }

            await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
            return new Admission(this);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>A request's place; not thread-safe.</summary>
    internal sealed class Admission(StepScheduler owner) : IDisposable
    {
        private bool _disposed;

        /// <summary>Waits for the next turn; dispose the turn when the step is done.</summary>
        public async ValueTask<Turn> TakeTurnAsync(CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            await owner._turns.WaitAsync(cancellationToken).ConfigureAwait(false);
            return new Turn(owner);
        }

        public void Dispose()
        {
            if (_disposed) return;
            _disposed = true;
            owner._places.Release();
        }
    }

    /// <summary>The right to compute one step.</summary>
    internal readonly struct Turn(StepScheduler owner) : IDisposable
    {
        public void Dispose() => owner._turns.Release();
    }
}
