using LatentDb.MemoryStore.Errors;

namespace LatentDb.Grains.Hosting;

/// <summary>One writing turn at a time, first come first served, with a bounded number of waiters.</summary>
internal sealed class TurnQueue(int maxWaiting) : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _inside; // the running turn and those that wait

    public Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) => RunAsync(work, isBounded: true, cancellationToken);

    /// <summary>Runs <paramref name="work"/> when it is its turn. Cancelled while waiting, it never runs.</summary>
    /// <exception cref="LatentDbException">overloaded, when it is bounded.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, bool isBounded, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _inside) > maxWaiting + 1 && isBounded)
            {
                throw new LatentDbException(ErrorCode.Overloaded, $"{maxWaiting} writes are waiting for this memory.") { RetryAfter = RetryDelay };
            }

            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await work(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    public void Dispose() => _turn.Dispose();
}
