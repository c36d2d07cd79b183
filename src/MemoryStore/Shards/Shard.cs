using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Shards.Damages;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Shards.Frames;
using LatentDb.MemoryStore.Shards.Ownership;
using LatentDb.MemoryStore.Shards.Staging;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Shards;

/// <summary>One owner, two logs, one index, one keyring, one epoch. Reading is here; every change goes through <see cref="ShardCommit"/>.</summary>
internal sealed class Shard : IAsyncDisposable
{
    private readonly HybridClock _clock;

    public Shard(ShardParts parts, ShardSettings settings)
    {
        Id = parts.Id;
        Epoch = parts.Epoch;
        Index = parts.Index;
        Layout = parts.Layout;
        Epochs = parts.Epochs;
        Keys = parts.Keys;
        ManifestLog = parts.Manifests;
        BlockLog = parts.Blocks;
        Space = settings.Space;
        Ownership = parts.Ownership;
        Fence = parts.Fence;
        _clock = parts.Clock;
        Records = new ShardRecords(parts.Epochs, parts.Keys) { Current = parts.Manifests };
        Memories = new MemoryLoader(parts.Index, Records, parts.Ownership);
        Manifests = new ManifestReader(parts.Index, Records, settings.Manifests, parts.Ownership);
        Blocks = new ShardReader(parts.Index, Memories, parts.Epochs, parts.Blocks, new DependentVersions(parts.Index, Memories, Manifests), parts.Ownership);
        Writer = new RecordWriter(parts.Index, parts.Epochs.Get(parts.Epoch), parts.Keys, parts.Manifests, parts.Blocks);
        Commit = new ShardCommit(this, settings);
        Operations = new OperationCommit(this);
    }

    public ShardId Id { get; }

    public Epoch Epoch { get; }

    /// <summary>Asked before a write begins, and after everything was read that could have been overtaken.</summary>
    public ShardOwnership Ownership { get; }

    /// <summary>Asked before anything is told that was not committed to a log, and before anything is removed.</summary>
    public EpochFence Fence { get; }

    public ShardIndex Index { get; }

    public ShardLayout Layout { get; }

    public EpochSet Epochs { get; }

    public ShardKeys Keys { get; }

    public ShardRecords Records { get; }

    public MemoryLoader Memories { get; }

    public ManifestReader Manifests { get; }

    public ShardReader Blocks { get; }

    public RecordWriter Writer { get; }

    public ShardCommit Commit { get; }

    public OperationCommit Operations { get; }

    public FrameLog ManifestLog { get; }

    public FrameLog BlockLog { get; }

    /// <summary>Asked before blocks are accepted; null = nobody is.</summary>
    public SpaceGuard? Space { get; }

    /// <summary>Forks and relocations exclude each other: a fork names the places of blocks that a relocation may be changing.</summary>
    public SemaphoreSlim PlacesGate { get; } = new(1, 1);

    /// <summary>Held while segments are removed, and while somebody opens them all: what he has found is then there.</summary>
    public SemaphoreSlim FilesGate { get; } = new(1, 1);

    /// <summary>Transactions that have staged records which nothing names yet.</summary>
    public OpenStagings Stagings { get; } = new();

    /// <summary>Why the shard takes no writes; null while it does.</summary>
    public LatentDbException? Failure => ManifestLog.Failure ?? BlockLog.Failure ?? Keys.Keyring.Failure;

    /// <summary>For how long a commit of this shard has been running; zero while none does.</summary>
    public TimeSpan CommitsFor => ManifestLog.BusyFor > BlockLog.BusyFor ? ManifestLog.BusyFor : BlockLog.BusyFor;

    /// <summary>Makes every later stamp greater: for memories that bring their own times.</summary>
    public void Observe(HybridTimestamp time) => _clock.Observe(time);

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

    /// <summary>Commits what was acknowledged to be on its way and writes nothing afterwards; what is being read goes on.</summary>
    public async ValueTask StopWritingAsync()
    {
        await Commit.DrainAsync().ConfigureAwait(false);
        await BlockLog.StopAsync().ConfigureAwait(false);
        await ManifestLog.StopAsync().ConfigureAwait(false);
        await Keys.Keyring.StopAsync().ConfigureAwait(false);
    }

    /// <summary>Commits what was acknowledged to be on its way, then closes all files.</summary>
    public async ValueTask DisposeAsync()
    {
        await BlockLog.DisposeAsync().ConfigureAwait(false);
        await ManifestLog.DisposeAsync().ConfigureAwait(false);
        await Keys.Keyring.DisposeAsync().ConfigureAwait(false);
        Epochs.Dispose();
        PlacesGate.Dispose();
        FilesGate.Dispose();
    }
}

/// <summary>What a shard is made of; owned by it afterwards.</summary>
internal sealed record ShardParts(
    ShardId Id, ShardLayout Layout, Epoch Epoch, ShardIndex Index, EpochSet Epochs, ShardKeys Keys, FrameLog Manifests, FrameLog Blocks, HybridClock Clock)
{
    public required ShardOwnership Ownership { get; init; }

    public required EpochFence Fence { get; init; }
}
