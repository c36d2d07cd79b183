using LatentDb.Grains.Memories;
using LatentDb.Grains.Telemetry;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Grains.Hosting;

/// <summary>Which grains are in memory: at most one per key, at most so many in all. Thread-safe; every method is short.</summary>
internal sealed class ActivationTable(
    GrainHostOptions options, TimeProvider time, Func<MemoryKey, MemoryGrain> create, GrainLifecycleEvents events, Func<MemoryKey, ShardId> shardOf)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<MemoryKey, Activation> _active = [];
    private readonly LinkedList<Activation> _idle = [];
    private readonly Dictionary<ShardId, Leaving> _leaving = [];
    private int _calls;
    private TaskCompletionSource? _drained;

    public int Count
    {
        get
        {
            lock (_lock) return _active.Count;
        }
    }

    /// <summary>Begins a call; the caller must give the activation back.</summary>
    /// <exception cref="LatentDbException">shutting_down; not_owner while its shard is handed over; overloaded when every activation has calls.</exception>
    public Activation Acquire(MemoryKey key)
    {
        lock (_lock)
        {
            if (_drained is not null) throw new LatentDbException(ErrorCode.ShuttingDown, "The server is shutting down.") { RetryAfter = RetryDelay };
            if (_leaving.Count > 0 && _leaving.ContainsKey(shardOf(key))) throw new LatentDbException(ErrorCode.NotOwner, $"The shard of {key} goes to another server.") { RetryAfter = RetryDelay };
            if (!_active.TryGetValue(key, out Activation? activation)) activation = Activate(key);
            if (activation.Idle is { } node) _idle.Remove(node);
            activation.Idle = null;
            activation.Calls++;
            _calls++;
            return activation;
        }
    }

    public void Release(Activation activation)
    {
        lock (_lock)
        {
            activation.Calls--;
            activation.LastUsed = time.GetTimestamp();
            if (activation.Calls == 0) activation.Idle = _idle.AddLast(activation);
            if (--_calls == 0) _drained?.TrySetResult();
            if (_leaving.Count > 0 && _leaving.TryGetValue(shardOf(activation.Key), out Leaving? leaving) && --leaving.Calls == 0) leaving.Ended.TrySetResult();
        }
    }

    /// <summary>True while calls of a memory run or wait.</summary>
    public bool HasCalls(MemoryKey key)
    {
        lock (_lock) return _active.TryGetValue(key, out Activation? activation) && activation.Calls > 0;
    }

    /// <summary>Puts away what has been idle too long.</summary>
    public void Sweep()
    {
        lock (_lock)
        {
            while (_idle.First is { } oldest && time.GetElapsedTime(oldest.Value.LastUsed) >= options.IdleAfter) Deactivate(oldest.Value);
        }
    }

    /// <summary>From now on calls are refused; the task ends when the running ones have.</summary>
    public Task CloseAsync()
    {
        lock (_lock)
        {
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_calls == 0) _drained.TrySetResult();
            return _drained.Task;
        }
    }

    /// <summary>From now on calls for the memories of a shard are refused; the task ends when the running ones have.</summary>
    public Task LeaveAsync(ShardId shard)
    {
        lock (_lock)
        {
            if (_leaving.TryGetValue(shard, out Leaving? known)) return known.Ended.Task;
            Activation[] here = [.. _active.Values.Where(activation => shardOf(activation.Key) == shard)];
            foreach (Activation idle in here.Where(activation => activation.Calls == 0)) Deactivate(idle);
            var leaving = new Leaving { Calls = here.Sum(activation => activation.Calls) };
            if (leaving.Calls == 0) leaving.Ended.TrySetResult();
            _leaving.Add(shard, leaving);
            return leaving.Ended.Task;
        }
    }

    /// <summary>Calls for the memories of that shard are taken, also when it was left before.</summary>
    public void Enter(ShardId shard)
    {
        lock (_lock) _leaving.Remove(shard);
    }

    private Activation Activate(MemoryKey key)
    {
        if (_active.Count >= options.MaxActive)
        {
            if (_idle.First is not { } oldest)
            {
                throw new LatentDbException(ErrorCode.Overloaded, $"{options.MaxActive} memories are active and none is idle.") { RetryAfter = RetryDelay };
            }

            Deactivate(oldest.Value);
        }

        var activation = new Activation(key, create(key), options.MaxWaitingWrites);
        _active.Add(key, activation);
        events.OnActivated(key);
        return activation;
    }

    private void Deactivate(Activation activation)
    {
        _idle.Remove(activation.Idle!);
        activation.Idle = null;
        _active.Remove(activation.Key);
        activation.Dispose();
        events.OnDeactivated(activation.Key);
    }

    /// <summary>A shard whose calls end.</summary>
    private sealed class Leaving
    {
        public int Calls { get; set; }

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
