namespace LatentDb.MemoryStore.Shards;

/// <summary>Shards that were given up while this process lives: their readers get a while to end, then the files are closed.</summary>
internal sealed class RetiredSlots(TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _closing = [];

    public void Add(ShardSlot slot)
    {
        lock (_lock)
        {
            _closing.RemoveWhere(task => task.IsCompleted);
            _closing.Add(CloseLaterAsync(slot));
        }
    }

    /// <summary>Closes what is left now.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Task[] left;
        lock (_lock) left = [.. _closing];
        foreach (Task closing in left) await closing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task CloseLaterAsync(ShardSlot slot)
    {
        await Task.Delay(StoreLimits.ReaderGrace, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await slot.DisposeAsync().ConfigureAwait(false);
    }
}
