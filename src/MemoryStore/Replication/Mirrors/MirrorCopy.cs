namespace LatentDb.MemoryStore.Replication.Mirrors;

/// <summary>What an owner knows of one follower. Changed by its link, read by the mirror; each field stands for itself.</summary>
internal sealed class MirrorCopy(string name)
{
    /// <summary>Of a follower that is no copy in this session.</summary>
    public const long Nothing = -1;

    private long _confirmed = Nothing;
    private long _aliveAt;
    private volatile bool _mustLeave;
    private volatile bool _isAttached;

    public string Name => name;

    /// <summary>All changes below it are on the follower's disk.</summary>
    public long Confirmed
    {
        get => Volatile.Read(ref _confirmed);
        set => Volatile.Write(ref _confirmed, value);
    }

    public bool IsCopy => Confirmed != Nothing;

    /// <summary>Timestamp at which it last told of progress, or had nothing to tell of.</summary>
    public long AliveAt
    {
        get => Volatile.Read(ref _aliveAt);
        set => Volatile.Write(ref _aliveAt, value);
    }

    /// <summary>True while it is about to be filled: then it must not be in the set, because half of a copy could be promoted.</summary>
    public bool MustLeave
    {
        get => _mustLeave;
        set => _mustLeave = value;
    }

    /// <summary>What it must have confirmed before the set names it; of the mirror.</summary>
    public long JoinAt { get; set; }

    /// <summary>True while its link stands and changes are sent.</summary>
    public bool IsAttached
    {
        get => _isAttached;
        set => _isAttached = value;
    }
}
