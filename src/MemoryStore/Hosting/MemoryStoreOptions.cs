using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Hosting;

/// <summary>Where and how the store keeps its data.</summary>
public sealed class MemoryStoreOptions
{
    /// <summary>The environment variable that sets the default of <see cref="AllowVolatileDisk"/>.</summary>
    public const string AllowVolatileDiskVariable = "LATENTDB_ALLOW_VOLATILE_DISK";

    /// <summary>Folder of the shards; created when missing. Default <c>./data</c>.</summary>
    public string Data { get; set; } = "data";

    /// <summary>Shards of the data folder, fixed when it is made. Default 1: one process, one owner; a cluster uses a power of two.</summary>
    public int Shards { get; set; } = 1;

    /// <summary>
    /// True: several processes have the folder open, and each shard is opened and closed by <see cref="MemoryStoreService.OpenShardAsync"/> and
    /// <see cref="MemoryStoreService.CloseShardAsync"/>, with a lease. Default false: all shards are opened at start, and nobody else can.
    /// </summary>
    public bool IsShared { get; set; }

    /// <summary>
    /// Bytes of the disk that are kept back: as much as this lies in a file of its own, and below as much again no new blocks are stored. 0 = none.
    /// Default 64 MiB.
    /// </summary>
    public long ReserveBytes { get; set; } = StoreLimits.ReserveBytes;

    /// <summary>
    /// Lets the data lie where nothing lasts (tmpfs, ramfs, NFS), for tests and trials. Default false, or true when the environment variable
    /// <see cref="AllowVolatileDiskVariable"/> is 1.
    /// </summary>
    public bool AllowVolatileDisk { get; set; } = Environment.GetEnvironmentVariable(AllowVolatileDiskVariable) == "1";

    /// <summary>Days for which a version stays readable after it ceased to be the head; null = no such rule. Default 7.</summary>
    public double? RetentionDays { get; set; } = RetentionPolicy.Default.Window?.TotalDays;

    /// <summary>Newest versions that stay readable whatever their age; null = no such rule. With both rules null nothing is ever dropped.</summary>
    public int? RetentionVersions { get; set; }

    /// <summary>Other rules for single tenants, by tenant id.</summary>
    public IDictionary<string, TenantRetention> TenantRetention { get; } = new Dictionary<string, TenantRetention>(StringComparer.Ordinal);

    /// <summary>Pause between two passes of compaction; zero = no passes but those that are asked for. Default one minute.</summary>
    public TimeSpan CompactionPause { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Bytes per second that a pass of compaction may copy. Default 64 MiB: a small part of what a disk does.</summary>
    public long CompactionBytesPerSecond { get; set; } = 64L << 20;

    /// <summary>Bytes per second that a scrub may read; 0 = as fast as it goes. Default 64 MiB: a small part of what a disk does.</summary>
    public long ScrubBytesPerSecond { get; set; } = 64L << 20;

    /// <summary>Folder of the second place for data; empty = none. It must exist.</summary>
    public string BackupPlace { get; set; } = "";

    /// <summary>Folder for the newest keys, another one than <see cref="BackupPlace"/> and best on another disk.</summary>
    public string BackupKeysPlace { get; set; } = "";

    /// <summary>Pause between two passes of the backup: what is lost at most when the data folder is. Default one hour.</summary>
    public TimeSpan BackupInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>For how long a point in time can be restored. Default seven days.</summary>
    public TimeSpan BackupKeep { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Small files of the data folder itself that go with the first shard, as far as they are there. Default none.</summary>
    public IReadOnlyList<string> BackupFiles { get; set; } = [];

    /// <summary>False in a silo of a cluster that owns no shards.</summary>
    internal bool Opens { get; set; } = true;

    /// <summary>The rule of a tenant.</summary>
    internal RetentionPolicy RetentionOf(TenantId tenant)
    {
        double? days = RetentionDays;
        int? versions = RetentionVersions;
        if (TenantRetention.TryGetValue(tenant.Value, out TenantRetention? own)) (days, versions) = (own.Days, own.Versions);
        return new RetentionPolicy(days is double d ? TimeSpan.FromDays(d) : null, versions);
    }
}

/// <summary>Retention of one tenant.</summary>
public sealed class TenantRetention
{
    /// <summary>As <see cref="MemoryStoreOptions.RetentionDays"/>.</summary>
    public double? Days { get; set; }

    /// <summary>As <see cref="MemoryStoreOptions.RetentionVersions"/>.</summary>
    public int? Versions { get; set; }
}
