using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Cluster.Database;

/// <summary>A row of the table of shards that is this process's for a while.</summary>
internal sealed class PostgresShardLease(PostgresShardLeases leases, ShardId shard, long term, TimeProvider time, TimeSpan validity, long askedAt) : ShardLease
{
    private readonly CancellationTokenSource _lost = new();
    private long _renewedAt = askedAt;
    private volatile bool _isOver;

    /// <inheritdoc/>
    public override ShardId Shard => shard;

    /// <inheritdoc/>
    public override long Term => term;

    /// <inheritdoc/>
    public override bool IsHeld
    {
        get
        {
            if (_isOver) return false;
            if (time.GetElapsedTime(Volatile.Read(ref _renewedAt)) < validity) return true;

            // For good: an answer that comes now must not bring it back, because somebody may have acted upon its end.
            _isOver = true;
            return false;
        }
    }

    /// <inheritdoc/>
    public override CancellationToken Lost => _lost.Token;

    /// <summary>The database has prolonged it; it counts from the moment before it was asked.</summary>
    public void Renewed(long askedAt)
    {
        if (IsHeld) Volatile.Write(ref _renewedAt, askedAt);
    }

    /// <summary>It is over; whoever watches it is told.</summary>
    public Task LoseAsync()
    {
        _isOver = true;
        return _lost.CancelAsync();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        bool wasHeld = IsHeld;
        _isOver = true;
        await leases.ReleaseAsync(this, wasHeld).ConfigureAwait(false);
        _lost.Dispose();
    }
}
