using LatentDb.Grains.Telemetry;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Grains.Remote;

/// <summary>Takes a call to the silo that owns the memory's shard, and to the next owner when that one turns out not to. Thread-safe.</summary>
internal sealed class OwnerRouter(IClusterView cluster, TimeProvider time)
{
    /// <summary>This silo's name.</summary>
    public string Self => cluster.Self;

    /// <summary>The newest view.</summary>
    public ClusterView View => cluster.Current;

    /// <summary>The owner of a memory, as far as this silo knows.</summary>
    /// <exception cref="LatentDbException">not_owner while there is none.</exception>
    public SiloMember OwnerOf(MemoryKey key)
    {
        ClusterView view = cluster.Current;
        if (view.Owners.IsEmpty) throw NotOwned("This silo knows nothing of the cluster yet.");
        ShardId shard = ShardId.Of(key, view.Owners.Length);
        return view.OwnerOf(shard) ?? throw NotOwned($"{shard} has no owner at this moment.");
    }

    /// <summary>Runs one try after the other, each with the newest view, until one succeeds or may not be repeated, or the time is over.</summary>
    /// <param name="attempt">Asks whom the view names.</param>
    /// <param name="mayRepeat">Whether what failed so may be tried again.</param>
    /// <param name="cancellationToken">Of all tries.</param>
    /// <exception cref="LatentDbException">The last try's.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> attempt, Func<LatentDbException, bool> mayRepeat, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        for (int retry = 0; ; retry++)
        {
            TimeSpan pause = RouteRules.PauseBefore(retry);
            try
            {
                T answer = await attempt(cancellationToken).ConfigureAwait(false);
                if (retry > 0) RouteMetrics.Ended(time.GetElapsedTime(start));
                return answer;
            }
            catch (LatentDbException error) when (mayRepeat(error))
            {
                if (time.GetElapsedTime(start) + pause >= RouteRules.Limit)
                {
                    RouteMetrics.Ended(time.GetElapsedTime(start));
                    throw Final(error);
                }

                RouteMetrics.Repeated(error.Code);
            }

            await RefreshAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await cluster.RefreshAsync(cancellationToken).AsTask().WaitAsync(RouteRules.RefreshLimit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException or LatentDbException)
        {
            // The table cannot be read now: the old view has to do, and may be right again.
        }
    }

    private static LatentDbException Final(LatentDbException error) =>
        error.RetryAfter is not null ? error : new LatentDbException(error.Code, error.Message, error) { RetryAfter = RouteRules.RetryAfter };

    private static LatentDbException NotOwned(string message) => new(ErrorCode.NotOwner, message) { RetryAfter = RouteRules.RetryAfter };
}
