namespace LatentDb.MemoryStore.Hosting;

/// <summary>How shards come and go.</summary>
public sealed class ShardKeeperOptions
{
    /// <summary>Shards of the data folder.</summary>
    public int Shards { get; set; } = 1;

    /// <summary>Shards that are opened at once: an opening reads a log and writes a checkpoint. Default 4.</summary>
    public int MaxOpenings { get; set; } = 4;

    /// <summary>Between two looks at what should be, when nothing changes. Default 1 s: so long a shard may stay without owner after a lease has run out.</summary>
    public TimeSpan Pause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long running turns may go on when a shard is handed over. Default 30 s.</summary>
    public TimeSpan LeaveLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest pause after an opening that failed; the first is a second. Default 30 s.</summary>
    public TimeSpan MaxRetryPause { get; set; } = TimeSpan.FromSeconds(30);
}
