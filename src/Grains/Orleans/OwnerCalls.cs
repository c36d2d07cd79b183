using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace LatentDb.Grains.Orleans;

/// <summary>
/// Calls a grain until its owner answers: asks again while nothing was done, or where a second time does no harm, for as long as a hand-over may take.
/// Thread-safe.
/// </summary>
internal sealed class OwnerCalls(IClusterView cluster, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Makes a call that may be made twice: a read, or a write under an idempotency key.</summary>
    /// <exception cref="LatentDbException">not_owner, silo_unreachable, and what the call throws.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        Attempts attempts = Begin();
        while (true)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (Exception error) when (Refusal(error) is LatentDbException refusal)
            {
                await attempts.WaitAsync(refusal, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public Attempts Begin() => new(cluster, time);

    /// <summary>What a failure of Orleans means to callers of ours; null = it is no refusal, and asking again would not help.</summary>
    public static LatentDbException? Refusal(Exception error) => error switch
    {
        LatentDbException known => known.Code == ErrorCode.NotOwner || known.Code == ErrorCode.ShuttingDown || known.Code == ErrorCode.SiloUnreachable ? known : null,
        SiloUnavailableException or OrleansMessageRejectionException or ConnectionFailedException => Unreachable(error),
        _ => null,
    };

    private static LatentDbException Unreachable(Exception error) =>
        new(ErrorCode.SiloUnreachable, "The silo that runs this memory cannot be reached.", error) { RetryAfter = LongestPause };

    /// <summary>The attempts of one call.</summary>
    internal sealed class Attempts(IClusterView cluster, TimeProvider time)
    {
        private readonly long _start = time.GetTimestamp();
        private TimeSpan _pause = FirstPause;

        /// <summary>Waits before the next attempt, or throws the refusal when there is no time for one.</summary>
        public async Task WaitAsync(LatentDbException refusal, CancellationToken cancellationToken)
        {
            if (time.GetElapsedTime(_start) + _pause > Limit) throw refusal;
            await cluster.RefreshAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(_pause, time, cancellationToken).ConfigureAwait(false);
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        }
    }

}
