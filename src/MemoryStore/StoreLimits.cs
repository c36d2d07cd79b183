namespace LatentDb.MemoryStore;

/// <summary>Every bound of the store, with its unit and its origin.</summary>
public static class StoreLimits
{
    /// <summary>Characters of an idempotency key: 128 of the caller's, half of the longest that Stripe and the IETF draft expect in practice, and the place in a batch.</summary>
    public const int MaxOperationIdLength = 136;

    /// <summary>Writes under a key that a memory remembers besides those that made a kept version: some 100 KiB of its state.</summary>
    public const int MaxRememberedKeys = 1000;

    /// <summary>Operations of a memory that have ended and can still be asked for: some 100 KiB of its state.</summary>
    public const int MaxKeptOperations = 1000;

    /// <summary>Operations of a memory that wait: an hour's work at some seconds each.</summary>
    public const int MaxPendingOperations = 256;

    /// <summary>Items of one operation.</summary>
    public const int MaxOperationItems = 256;

    /// <summary>Erasures under a key that a shard remembers: 16 bytes each.</summary>
    public const int MaxRememberedErasures = 4096;

    /// <summary>Bytes of a memory's metadata text in UTF-8: it is kept in RAM for every memory.</summary>
    public const int MaxMetadataBytes = 16 * 1024;

    /// <summary>Bytes of the metadata text of one version in UTF-8: it is kept with every version of the memories in use.</summary>
    public const int MaxVersionMetadataBytes = 4 * 1024;

    /// <summary>Bytes of the text that is kept with one version in UTF-8: the largest inject that the API takes.</summary>
    public const int MaxTextBytes = 16 << 20;

    /// <summary>Characters of an author: the id of an API key.</summary>
    public const int MaxAuthorLength = 64;

    /// <summary>Versions and blocks of the memories that a shard keeps decoded beyond those in use: at about 300 bytes each, some 80 MiB.</summary>
    public const long MaxCachedEntryItems = 256 << 10;

    /// <summary>Memories of one page of the directory: about 16 MiB, so that no page is a large object for long.</summary>
    public const int MemoriesPerDirectoryPage = 128 << 10;

    /// <summary>Bytes of one encoded slice: an array of .NET ends at 2 GiB, and a slice is assembled in one.</summary>
    public const int MaxSliceBytes = 1 << 30;

    /// <summary>Bytes of one record of the manifest log, all its frames together; checkpoints are the largest.</summary>
    public const int MaxRecordBytes = 1 << 30;

    /// <summary>Bytes that may wait for a commit in one log before callers are held back: some sixteen pages of the block log.</summary>
    public const long MaxPendingBytes = 64L << 20;

    /// <summary>A commit that takes longer is a failed disk: health checks of orchestrators give up in the same order of magnitude.</summary>
    public static readonly TimeSpan CommitTimeout = TimeSpan.FromSeconds(10);

    /// <summary>First pause before a shard that failed is opened again: long enough for a short fault of the disk to pass.</summary>
    public static readonly TimeSpan MinReopenPause = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between two tries: somebody who has freed space waits no longer than this.</summary>
    public static readonly TimeSpan MaxReopenPause = TimeSpan.FromSeconds(30);

    /// <summary>What a caller whose block was refused for lack of space is told to wait: space is freed by people or by compaction, both take minutes.</summary>
    public static readonly TimeSpan FullRetryAfter = TimeSpan.FromSeconds(30);

    /// <summary>When to ask again for a memory that another silo is about to take: a hand-over takes a few tenths of a second.</summary>
    public static readonly TimeSpan OwnerRetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>How long a shard that failed goes on reading for those who hold it, once another serves in its place. Whoever comes later gets that one.</summary>
    public static readonly TimeSpan ReaderGrace = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of disk in the ballast, and as many left free: enough for a new epoch, its checkpoint and many erasures.</summary>
    public const long ReserveBytes = 64L << 20;

    /// <summary>Writes after which a version stores its whole manifest, so that reading one applies at most this many deltas.</summary>
    public const int WritesBetweenImages = 64;

    /// <summary>Frames of the manifest log between two checkpoints: replay of 4096 small frames takes milliseconds.</summary>
    public const long FramesBetweenCheckpoints = 4096;

    /// <summary>Bytes of the manifest log between two checkpoints: what recovery reads at most before it serves.</summary>
    public const long BytesBetweenCheckpoints = 16L << 20;

    /// <summary>Epochs that a shard keeps apart before compaction gathers the small ones.</summary>
    public const int MaxLooseEpochs = 8;

    /// <summary>Live bytes up to which an epoch counts as small: a second's work for any disk.</summary>
    public const long SmallEpochBytes = 32L << 20;

    /// <summary>Runs and blocks of the manifests that the open shards keep decoded together: at about 24 bytes each, some 48 MiB.</summary>
    public const long MaxCachedRuns = 2L << 20;

    /// <summary>Memories that a pass of the compaction loop looks at for expired versions: each is read from disk, so a minute's share of a million.</summary>
    public const int MemoriesPerPass = 10_000;

    /// <summary>Days of the longest retention window: a hundred years, so that no time overflows.</summary>
    public const double MaxRetentionDays = 36_525;

    /// <summary>Versions of a memory that the error about a damaged block looks through for those that need it: some milliseconds.</summary>
    public const int MaxVersionsExplained = 1024;

    /// <summary>Memories that one listing returns at most.</summary>
    public const int MaxPageItems = 1000;

    /// <summary>Shards that one data folder may have.</summary>
    public const int MaxShards = 4096;
}
