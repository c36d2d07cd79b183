namespace LatentDb.MemoryStore.Links;

/// <summary>
/// Ways to other silos whose streams carry call after call: opening one costs several times as much as a message on one that is open. A stream is used
/// again only when its last call has ended as it should, which the caller says with <see cref="Keep"/>. Thread-safe.
/// </summary>
public sealed class LinkPool : ISiloLinks, IDisposable
{
    /// <summary>Streams of one channel to one silo that wait for a call; one more is closed.</summary>
    internal const int MaxIdle = 32;

    /// <summary>A stream that waited for as long is closed.</summary>
    internal static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(30);

    private readonly ISiloLinks _links;
    private readonly TimeProvider _time;
    private readonly ITimer _sweeper;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Address, LinkChannel Channel), LinkedList<Idle>> _idle = []; // the last one used is first
    private bool _isClosed;

    /// <param name="links">Opens the streams.</param>
    /// <param name="time">For those that wait too long.</param>
    public LinkPool(ISiloLinks links, TimeProvider time)
    {
        (_links, _time) = (links, time);
        _sweeper = time.CreateTimer(_ => Close(idle => time.GetElapsedTime(idle.Since) >= IdleLimit), null, IdleLimit, IdleLimit);
    }

    /// <summary>The call on the stream has ended as it should: both sides have said everything, and the next byte begins another call.</summary>
    public static void Keep(Stream stream)
    {
        if (stream is PooledStream pooled) pooled.IsKept = true;
    }

    /// <summary>True when the stream has carried a call before: then the other silo may be gone since, and a break says nothing of a new one.</summary>
    public static bool IsReused(Stream stream) => stream is PooledStream { IsReused: true };

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenAsync(string address, LinkChannel channel, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_idle.TryGetValue((address, channel), out LinkedList<Idle>? waiting) && waiting.First is { } newest)
            {
                waiting.RemoveFirst();
                return new PooledStream(this, address, channel, newest.Value.Stream, isReused: true);
            }
        }

        return new PooledStream(this, address, channel, await _links.OpenAsync(address, channel, cancellationToken).ConfigureAwait(false), isReused: false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sweeper.Dispose();
        lock (_lock) _isClosed = true;
        Close(static _ => true);
    }

    /// <summary>A call is over.</summary>
    internal void GiveBack(string address, LinkChannel channel, Stream stream)
    {
        lock (_lock)
        {
            if (!_idle.TryGetValue((address, channel), out LinkedList<Idle>? waiting)) _idle.Add((address, channel), waiting = new LinkedList<Idle>());
            if (!_isClosed && waiting.Count < MaxIdle)
            {
                waiting.AddFirst(new Idle(address, stream, _time.GetTimestamp()));
                return;
            }
        }

        stream.Dispose();
    }

    /// <summary>A stream to that silo broke: those that wait go to the same process, which may be another one by now, and each would cost a try.</summary>
    internal void Drop(string address) => Close(idle => string.Equals(idle.Address, address, StringComparison.Ordinal));

    private void Close(Func<Idle, bool> isMeant)
    {
        List<Idle> closed = [];
        lock (_lock)
        {
            foreach (((string, LinkChannel) key, LinkedList<Idle> waiting) in _idle.ToArray())
            {
                foreach (Idle idle in waiting.Where(isMeant).ToArray())
                {
                    waiting.Remove(idle);
                    closed.Add(idle);
                }

                if (waiting.Count == 0) _idle.Remove(key);
            }
        }

        foreach (Idle idle in closed) idle.Stream.Dispose();
    }

    private sealed record Idle(string Address, Stream Stream, long Since);
}
