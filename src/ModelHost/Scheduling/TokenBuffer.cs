using System.Threading.Tasks.Sources;

namespace LatentDb.ModelHost.Scheduling;

/// <summary>
/// Tokens on their way from the loop to the one who reads the answer. Holds all that an answer may have, so that the loop never waits for a reader and
/// a token costs no allocation. One writer, one reader.
/// </summary>
/// <param name="capacity">Tokens of the answer at most.</param>
internal sealed class TokenBuffer(int capacity) : IValueTaskSource<bool>
{
    private readonly Lock _lock = new();
    private readonly int[] _ids = new int[capacity];
    private ManualResetValueTaskSourceCore<bool> _signal = new() { RunContinuationsAsynchronously = true };
    private Exception? _error;
    private int _written;
    private int _read;
    private bool _isEnded;
    private bool _isAwaited;

    /// <summary>Tokens written.</summary>
    public int Count => Volatile.Read(ref _written);

    /// <summary>The writer's next token.</summary>
    public void Write(int id)
    {
        bool wakes;
        lock (_lock)
        {
            _ids[_written] = id;
            Volatile.Write(ref _written, _written + 1);
            wakes = TakeAwaiter();
        }

        if (wakes) _signal.SetResult(true);
    }

    /// <summary>No token will follow; <paramref name="error"/> reaches the reader after those that are written.</summary>
    public void End(Exception? error)
    {
        bool wakes;
        lock (_lock)
        {
            if (_isEnded) return;
            _isEnded = true;
            _error = error;
            wakes = TakeAwaiter();
        }

        if (wakes) _signal.SetResult(false);
    }

    /// <summary>The next token, if it is there.</summary>
    public bool TryRead(out int id)
    {
        id = _read < Count ? _ids[_read++] : -1;
        return id >= 0;
    }

    /// <summary>Waits until <see cref="TryRead"/> has something to give; false when the answer has ended.</summary>
    public ValueTask<bool> WaitAsync()
    {
        lock (_lock)
        {
            if (_read < _written) return ValueTask.FromResult(true);
            if (_isEnded) return _error is null ? ValueTask.FromResult(false) : ValueTask.FromException<bool>(_error);
            _signal.Reset();
            _isAwaited = true;
            return new ValueTask<bool>(this, _signal.Version);
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        bool hasMore = _signal.GetResult(token);
        return hasMore || _error is null ? hasMore : throw _error;
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _signal.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _signal.OnCompleted(continuation, state, token, flags);

    private bool TakeAwaiter()
    {
        bool isAwaited = _isAwaited;
        _isAwaited = false;
        return isAwaited;
    }
}
