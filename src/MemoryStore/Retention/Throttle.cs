namespace LatentDb.MemoryStore.Retention;

/// <summary>Holds background work to a number of bytes per second.</summary>
/// <param name="bytesPerSecond">0 = as fast as it goes.</param>
/// <param name="time">Waits.</param>
internal sealed class Throttle(long bytesPerSecond, TimeProvider time)
{
    public async ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        if (bytesPerSecond <= 0 || bytes <= 0) return;
        await Task.Delay(TimeSpan.FromSeconds((double)bytes / bytesPerSecond), time, cancellationToken).ConfigureAwait(false);
    }
}
