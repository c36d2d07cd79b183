namespace LatentDb.Silo.Cluster.Links;

/// <summary>
/// Which seals were used: a second use within their life is somebody who has listened. Two sets, of which the older is dropped when the newer has lived as
/// long as a seal may. Thread-safe.
/// </summary>
internal sealed class SeenNonces(TimeProvider time)
{
    /// <summary>Streams that may be opened in the life of a seal, some 8000 a second; 40 MiB at most.</summary>
    private const int MaxEach = 1 << 20;

    /// <summary>A seal lives from one tolerance before its time to one after it.</summary>
    private static readonly TimeSpan Life = 2 * LinkSeal.Tolerance;

    private readonly Lock _lock = new();
    private HashSet<string> _newer = new(StringComparer.Ordinal);
    private HashSet<string> _older = new(StringComparer.Ordinal);
    private long _since = time.GetTimestamp();

    /// <summary>False when it was there before, or when there are too many to remember.</summary>
    public bool TryAdd(string nonce)
    {
        lock (_lock)
        {
            if (time.GetElapsedTime(_since) >= Life)
            {
                (_older, _newer, _since) = (_newer, _older, time.GetTimestamp());
                _newer.Clear();
            }

            return !_older.Contains(nonce) && _newer.Count < MaxEach && _newer.Add(nonce);
        }
    }
}
