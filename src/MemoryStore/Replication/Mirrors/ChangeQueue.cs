namespace LatentDb.MemoryStore.Replication.Mirrors;

/// <summary>
/// The changes of a shard's folder in order and numbered, until every follower has taken them; a follower that is too far behind finds its place gone.
/// Thread-safe.
/// </summary>
/// <param name="maxBytes">What is kept for the slowest at most.</param>
/// <param name="time">Says when a change was made.</param>
internal sealed class ChangeQueue(long maxBytes, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<QueuedChange> _changes = [];
    private readonly List<Cursor> _cursors = [];
    private TaskCompletionSource _grown = New();
    private int _dropped;
    private long _oldest;
    private long _added;

    /// <summary>Number of the change that comes next: everything below it has happened.</summary>
    public long Next
    {
        get
        {
            lock (_lock) return _oldest + Count;
        }
    }

    public void Add(FolderChange change)
    {
        TaskCompletionSource grown;
        lock (_lock)
        {
            _changes.Add(new QueuedChange(change, _added, time.GetTimestamp()));
            _added += change.Cost;
            Trim();
            (grown, _grown) = (_grown, New());
        }

        grown.SetResult();
    }

    /// <summary>A place in the queue that holds what comes after it; null when that is gone already.</summary>
    public Cursor? Attach(long position)
    {
        lock (_lock)
        {
            if (position < _oldest || position > _oldest + Count) return null;
            var cursor = new Cursor(position);
            _cursors.Add(cursor);
            return cursor;
        }
    }

    public void Detach(Cursor cursor)
    {
        lock (_lock)
        {
            _cursors.Remove(cursor);
            Trim();
        }
    }

    /// <summary>The changes from the cursor on, some of them; the cursor passes them.</summary>
    /// <returns>False when they are gone: whoever reads was too slow.</returns>
    public bool TryTake(Cursor cursor, List<FolderChange> into)
    {
        lock (_lock)
        {
            if (cursor.Position < _oldest) return false;
            long bytes = 0;
            for (int at = IndexOf(cursor.Position); at < _changes.Count; at++)
            {
                FolderChange change = _changes[at].Change;
                if (into.Count > 0 && (bytes + change.Cost > ReplicationLimits.BatchBytes || into.Count == ReplicationLimits.BatchChanges)) break;
                into.Add(change);
                bytes += change.Cost;
            }

            cursor.Position += into.Count;
            Trim();
            return true;
        }
    }

    /// <summary>Bytes that wait behind the cursor.</summary>
    public long BytesBehind(long position)
    {
        lock (_lock)
        {
            int at = IndexOf(Math.Max(position, _oldest));
            return at < _changes.Count ? _added - _changes[at].Before : 0;
        }
    }

    /// <summary>Since the first of the changes that wait behind the cursor was made; zero when none does.</summary>
    public TimeSpan TimeBehind(long position)
    {
        lock (_lock)
        {
            int at = IndexOf(Math.Max(position, _oldest));
            return at < _changes.Count ? time.GetElapsedTime(_changes[at].At) : TimeSpan.Zero;
        }
    }

    /// <summary>Ends when there is something at or after that position.</summary>
    public async Task WaitAsync(long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task grown;
            lock (_lock)
            {
                if (_oldest + Count > position) return;
                grown = _grown.Task;
            }

            await grown.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int Count => _changes.Count - _dropped;

    private int IndexOf(long position) => _dropped + (int)(position - _oldest);

    private void Trim()
    {
        long needed = _cursors.Count == 0 ? long.MaxValue : _cursors.Min(cursor => cursor.Position);
        while (Count > 0 && _added - _changes[_dropped].Before is long bytes && (bytes > maxBytes || (bytes > ReplicationLimits.ResumeBytes && _oldest < needed)))
        {
            _changes[_dropped] = default;
            _dropped++;
            _oldest++;
        }

        if (_dropped <= _changes.Count / 2) return;
        _changes.RemoveRange(0, _dropped);
        _dropped = 0;
    }

    /// <param name="Change">What was done.</param>
    /// <param name="Before">Cost of all changes before it.</param>
    /// <param name="At">Timestamp at which it was done.</param>
    private readonly record struct QueuedChange(FolderChange Change, long Before, long At);

    /// <summary>How far one follower has taken changes out.</summary>
    internal sealed class Cursor(long position)
    {
        public long Position { get; set; } = position;
    }
}
