using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Replication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.MemoryStore.Shards;

/// <summary>What a shard works with; tests replace the clock, the log engine and the bounds.</summary>
internal sealed record ShardSettings
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public ILogger Logger { get; init; } = NullLogger.Instance;

    public IDisk Disk { get; init; } = LocalDisk.Instance;

    /// <summary>Sizes of new manifest logs; those that are there have theirs in their headers.</summary>
    public LogGeometry ManifestGeometry { get; init; } = LogGeometry.Manifest;

    /// <summary>Sizes of new block logs.</summary>
    public LogGeometry BlockGeometry { get; init; } = LogGeometry.Blocks;

    /// <summary>Creates a new log in a folder that does not exist yet.</summary>
    public Func<IDisk, string, LogGeometry, ILogStore> CreateLog { get; init; } = FasterLogStore.Create;

    /// <summary>True: other processes have the data folder open too, and leases decide who opens which shard.</summary>
    public bool IsShared { get; init; }

    /// <summary>Copies shards to other silos, and theirs to this one; null = there is one copy.</summary>
    public ReplicationHost? Replication { get; init; }

    /// <summary>Bytes of the disk that are kept back; 0 = none.</summary>
    public long ReserveBytes { get; init; }

    /// <summary>Guards the space of the data folder; one for all shards of a set, null = none.</summary>
    public SpaceGuard? Space { get; init; }

    /// <summary>Decoded manifests; one cache for all shards of a set.</summary>
    public ManifestCache Manifests { get; init; } = new(StoreLimits.MaxCachedRuns);

    /// <summary>Wraps the keys of tenants; null = the file <c>master.key</c> of the data folder.</summary>
    public IMasterKeyProvider? MasterKeys { get; init; }

    public long FramesBetweenCheckpoints { get; init; } = StoreLimits.FramesBetweenCheckpoints;

    public long BytesBetweenCheckpoints { get; init; } = StoreLimits.BytesBetweenCheckpoints;

    public int WritesBetweenImages { get; init; } = StoreLimits.WritesBetweenImages;
}
