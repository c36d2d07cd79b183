namespace LatentDb.MemoryStore.Disk;

/// <summary>Waits for what a disk does, and not for ever: one that hangs neither ends a write nor fails it.</summary>
internal static class DiskPatience
{
    /// <exception cref="Errors.LatentDbException">store_unavailable: <see cref="StoreLimits.CommitTimeout"/> is over, and the work may still be done.</exception>
    public static async Task WaitAsync(Task work, TimeProvider time)
    {
        try
        {
            await work.WaitAsync(StoreLimits.CommitTimeout, time).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw DurableFile.Hung(e);
        }
    }

    /// <inheritdoc cref="WaitAsync(Task, TimeProvider)"/>
    public static async Task<T> WaitAsync<T>(Task<T> work, TimeProvider time)
    {
        await WaitAsync((Task)work, time).ConfigureAwait(false);
        return await work.ConfigureAwait(false);
    }
}
