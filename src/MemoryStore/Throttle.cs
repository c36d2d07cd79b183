namespace LatentDb.MemoryStore;

/// <summary>Holds background work to a number of bytes per second. One caller at a time.</summary>
/// <param name="bytesPerSecond">0 = as fast as it goes.</param>
/// <param name="time">Waits.</param>
internal sealed class Throttle(long bytesPerSecond, TimeProvider time)
{
    /// <summary>Shorter waits are saved up: a timer keeps none of them.</summary>
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(20);

    private long _owedBytes;

    public async ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        if (bytesPerSecond <= 0 || bytes <= 0) return;
        _owedBytes += bytes;
        TimeSpan wait = TimeSpan.FromSeconds((double)_owedBytes / bytesPerSecond);
        if (wait < ShortestWait) return;
        _owedBytes = 0;
        await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
    }
}
