namespace LatentDb.MemoryStore.Shards.Frames;

/// <summary>Holds callers back while too many bytes wait for a commit. One that is larger than the whole budget passes alone.</summary>
internal sealed class PendingBudget(long limit)
{
    private readonly Lock _lock = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Turn)> _waiting = new();
    private long _taken;

    public Task TakeAsync(long bytes)
    {
        lock (_lock)
        {
            if (_waiting.Count == 0 && Fits(bytes))
            {
                _taken += bytes;
                return Task.CompletedTask;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((bytes, turn));
            return turn.Task;
        }
    }

    /// <summary>Takes without asking: for what the log writes of its own accord.</summary>
    public void Charge(long bytes)
    {
        lock (_lock) _taken += bytes;
    }

    public void Return(long bytes)
    {
        lock (_lock)
        {
            _taken -= bytes;
            while (_waiting.TryPeek(out (long Bytes, TaskCompletionSource Turn) next) && Fits(next.Bytes))
            {
                _waiting.Dequeue();
                _taken += next.Bytes;
                next.Turn.SetResult();
            }
        }
    }

    private bool Fits(long bytes) => _taken == 0 || _taken + bytes <= limit;
}
