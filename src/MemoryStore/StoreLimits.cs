namespace LatentDb.MemoryStore;

/// <summary>Every bound of the store, with its unit and its origin.</summary>
public static class StoreLimits
{
    /// <summary>Characters of an idempotency key: the longest that Stripe and the IETF draft on Idempotency-Key expect in practice, halved.</summary>
    public const int MaxOperationIdLength = 128;

    /// <summary>Bytes of a memory's metadata text in UTF-8: it is kept in RAM for every memory.</summary>
    public const int MaxMetadataBytes = 16 * 1024;

    /// <summary>Bytes of one encoded slice: an array of .NET ends at 2 GiB, and a slice is assembled in one.</summary>
    public const int MaxSliceBytes = 1 << 30;

    /// <summary>Bytes of one record of the manifest log, all its frames together; checkpoints are the largest.</summary>
    public const int MaxRecordBytes = 1 << 30;

    /// <summary>Bytes that may wait for a commit in one log before callers are held back: some sixteen pages of the block log.</summary>
    public const long MaxPendingBytes = 64L << 20;

    /// <summary>A commit that takes longer is a failed disk: health checks of orchestrators give up in the same order of magnitude.</summary>
    public static readonly TimeSpan CommitTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Writes after which a version stores its whole manifest, so that reading one applies at most this many deltas.</summary>
    public const int WritesBetweenImages = 64;

    /// <summary>Frames of the manifest log between two checkpoints: replay of 4096 small frames takes milliseconds.</summary>
    public const long FramesBetweenCheckpoints = 4096;

    /// <summary>Bytes of the manifest log between two checkpoints: what recovery reads at most before it serves.</summary>
    public const long BytesBetweenCheckpoints = 16L << 20;

    /// <summary>Epochs that a shard keeps apart before an open gathers the small ones.</summary>
    public const int MaxLooseEpochs = 8;

    /// <summary>Live bytes up to which an epoch counts as small: half of what one open may copy.</summary>
    public const long SmallEpochBytes = 32L << 20;

    /// <summary>Bytes that one open may copy to gather small epochs: well under a second on any disk.</summary>
    public const long MaxGatheredBytes = 64L << 20;

    /// <summary>Runs and blocks of the manifests that the open shards keep decoded together: at about 24 bytes each, some 48 MiB.</summary>
    public const long MaxCachedRuns = 2L << 20;

    /// <summary>Memories that one listing returns at most.</summary>
    public const int MaxPageItems = 1000;

    /// <summary>Shards that one data folder may have.</summary>
    public const int MaxShards = 4096;
}
