using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Hosting;

/// <summary>What the keeper knows of one shard. Changed by the step that runs for it, or by the loop while none does.</summary>
internal sealed class KeptShard(ShardId id)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    private volatile ShardLease? _lease;
    private volatile bool _isOpen;
    private bool _isFree;

    public ShardId Id => id;

    /// <summary>What runs for it now, or ran last.</summary>
    public Task Step { get; set; } = Task.CompletedTask;

    public ShardLease? Lease => _lease;

    public bool IsOpen => _isOpen;

    /// <summary>Openings that failed since the last one that did not.</summary>
    public int Failures { get; private set; }

    /// <summary>No opening is tried before that timestamp.</summary>
    public long NotBefore { get; private set; } = long.MinValue;

    /// <summary>Timestamp at which the shard was first seen without an owner.</summary>
    public long FreeSince { get; private set; }

    public void Note(bool isFree, long now)
    {
        if (isFree && !_isFree) FreeSince = now;
        _isFree = isFree;
    }

    public void Opened(ShardLease lease)
    {
        (_lease, _isOpen) = (lease, true);
        (Failures, NotBefore) = (0, long.MinValue);
    }

    public void Closed() => (_isOpen, _lease) = (false, null);

    public void Failed(TimeProvider time, TimeSpan maxPause)
    {
        TimeSpan pause = TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << Math.Min(Failures, 10), maxPause.Ticks));
        Failures++;
        NotBefore = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);
    }
}
