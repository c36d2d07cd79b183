using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Shards;

/// <summary>One owner, two logs, one index, one epoch. Reading is here; every change goes through <see cref="ShardCommit"/>.</summary>
internal sealed class Shard : IAsyncDisposable
{
    private readonly EpochSet _epochs;
    private readonly ShardLock _lock;
    private readonly HybridClock _clock;

    public Shard(
        ShardId id,
        ShardSettings settings,
        Epoch epoch,
        ShardIndex index,
        EpochSet epochs,
        FrameLog manifests,
        FrameLog blocks,
        HybridClock clock,
        ShardLock shardLock)
    {
        Id = id;
        Epoch = epoch;
        Index = index;
        Manifests = new ManifestReader(index, epochs, settings.Manifests);
        Blocks = new ShardReader(index, epochs, blocks);
        ManifestLog = manifests;
        BlockLog = blocks;
        Commit = new ShardCommit(this, settings);
        _epochs = epochs;
        _clock = clock;
        _lock = shardLock;
        manifests.Checkpoints = new CheckpointSource(
            settings.FramesBetweenCheckpoints, settings.BytesBetweenCheckpoints, () => RecordCodec.Encode(index.ToCheckpoint()));
    }

    public ShardId Id { get; }

    public Epoch Epoch { get; }

    public ShardIndex Index { get; }

    public ManifestReader Manifests { get; }

    public IBlockSource Blocks { get; }

    public ShardCommit Commit { get; }

    public FrameLog ManifestLog { get; }

    public FrameLog BlockLog { get; }

    /// <summary>Why the shard takes no writes; null while it does.</summary>
    public LatentDbException? Failure => ManifestLog.Failure ?? BlockLog.Failure;

    /// <summary>Makes the answer to "which version at that time" final: what is being committed with an earlier stamp is awaited, and no later one gets it.</summary>
    public async ValueTask ClosePastAsync(HybridTimestamp time)
    {
        _clock.Close(time);
        try
        {
            await ManifestLog.FlushAsync().ConfigureAwait(false);
        }
        catch (LatentDbException) when (Failure is not null)
        {
            // Nothing more will be published, so the past is closed; reads go on.
        }
    }

    /// <summary>Commits what was acknowledged to be on its way, then gives the shard up.</summary>
    public async ValueTask DisposeAsync()
    {
        await BlockLog.DisposeAsync().ConfigureAwait(false);
        await ManifestLog.DisposeAsync().ConfigureAwait(false);
        _epochs.Dispose();
        _lock.Dispose();
    }
}
