namespace LatentDb.MemoryStore.Replication;

/// <summary>Bounds of what passes between an owner and its followers.</summary>
internal static class ReplicationLimits
{
    /// <summary>Copies of one shard: each write goes to all of them.</summary>
    public const int MaxCopies = 5;

    /// <summary>Bytes that are compared and sent as one: its hash is a thirty-thousandth of it.</summary>
    public const int PieceBytes = 1 << 20;

    /// <summary>Changes are sent together up to so many bytes; a single larger one goes alone.</summary>
    public const long BatchBytes = 1 << 20;

    /// <summary>Changes of one batch.</summary>
    public const int BatchChanges = 512;

    /// <summary>Bytes of changes that are kept after all followers have them, for one whose link broke and comes back.</summary>
    public const long ResumeBytes = 4L << 20;

    /// <summary>Bytes that wait for a follower while its folder is filled: a few pieces, so that the link is never idle.</summary>
    public const long CopyAheadBytes = 8L * PieceBytes;

    /// <summary>Files that a follower keeps open: those that a shard writes in turn.</summary>
    public const int OpenFiles = 16;

    /// <summary>Between two tries to reach a follower, and between two looks at who should be one.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest pause before a follower that cannot be filled is tried again: each try reads its whole folder.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(4);

    /// <summary>How long a follower waits for another one to be filled.</summary>
    public static readonly TimeSpan FillTurn = TimeSpan.FromSeconds(30);

    /// <summary>A copy that nobody wants is kept for so long: a silo that restarts, or moves to another node, has its copies back before.</summary>
    public static readonly TimeSpan KeepUnwanted = TimeSpan.FromMinutes(10);

    /// <summary>Between two looks for copies that nobody wants.</summary>
    public static readonly TimeSpan RemovalPause = TimeSpan.FromMinutes(1);

    /// <summary>When to ask again where copies are missing: a follower that was away needs some seconds.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);
}
