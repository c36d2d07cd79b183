using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Integrity;
using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Retention;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Telemetry;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Transfer;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LatentDb.MemoryStore.Hosting;

/// <summary>Opens the shards when the process starts and closes them when it stops.</summary>
public sealed partial class MemoryStoreService : IHostedLifecycleService, IAsyncDisposable
{
    private readonly MemoryStoreOptions _options;
    private readonly ShardSettings _settings;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly StoreGauges _gauges;
    private volatile ShardSet? _shards;
    private CancellationTokenSource? _stopping;
    private Task _compaction = Task.CompletedTask;

    public MemoryStoreService(IOptions<MemoryStoreOptions> options, TimeProvider time, ILogger<MemoryStoreService> logger, ReplicationHost? replication = null)
        : this(RequireOptions(options), SettingsOf(RequireOptions(options)) with { Time = time, Logger = logger, Replication = replication })
    {
    }

    internal MemoryStoreService(MemoryStoreOptions options, ShardSettings settings)
    {
        _options = options;
        _settings = settings;
        Catalog = new MemoryCatalog(RequireOpen);
        Exporter = new MemoryExporter(RequireOpen);
        Importer = new MemoryImporter(RequireOpen, Catalog);
        Compactor = new StoreCompactor(RequireOpen, options.RetentionOf, settings.Time, settings.Logger);
        Scrubber = new StoreScrubber(RequireOpen, options.ScrubBytesPerSecond, settings.Time, settings.Logger);
        Keys = new StoreKeys(RequireOpen);
        Inspector = new StoreInspector(RequireOpen, Keys);
        _gauges = new StoreGauges(Inspector.Stats, () => _shards?.Shards.Count(shard => shard.Failure is not null) ?? 0, settings.Time);
    }

    /// <summary>The memories; usable from start to stop.</summary>
    public MemoryCatalog Catalog { get; }

    /// <summary>Memories into archives.</summary>
    public MemoryExporter Exporter { get; }

    /// <summary>Archives into memories.</summary>
    public MemoryImporter Importer { get; }

    /// <summary>Retention and compaction; usable from start to stop.</summary>
    public StoreCompactor Compactor { get; }

    /// <summary>Reads everything and compares it with what was written; usable from start to stop.</summary>
    public StoreScrubber Scrubber { get; }

    /// <summary>What the store looks like now; usable from start to stop.</summary>
    public StoreInspector Inspector { get; }

    /// <summary>Rotation of keys; usable from start to stop.</summary>
    public StoreKeys Keys { get; }

    /// <summary>Why a shard takes no writes, or null while all do: for readiness checks.</summary>
    public LatentDbException? Failure => _shards?.Shards.Select(shard => shard.Failure).FirstOrDefault(failure => failure is not null);

    /// <summary>The longest that a commit has been running; zero while none does. Every wait in a commit has a limit: for liveness checks.</summary>
    public TimeSpan CommitsFor => _shards?.Shards.Select(shard => shard.CommitsFor).DefaultIfEmpty(TimeSpan.Zero).Max() ?? TimeSpan.Zero;

    /// <summary>True between start and stop.</summary>
    public bool IsOpen => _shards is not null;

    /// <summary>The open shards, for tests and benchmarks.</summary>
    internal ShardSet Shards => RequireOpen();

    /// <summary>Opens one shard of a shared data folder. The lease stays the caller's, who gives it back after <see cref="CloseShardAsync"/> or when this throws.</summary>
    /// <param name="lease">The right to it; asked after every commit, so that nothing is acknowledged once it has ended.</param>
    /// <param name="cancellationToken">Of the opening.</param>
    /// <exception cref="LatentDbException">
    /// stale_owner when another silo came first; shard_locked by a server that does not share; data_damaged, unsupported_format, key_unavailable,
    /// store_full, store_unavailable.
    /// </exception>
    public Task OpenShardAsync(ShardLease lease, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lease);
        return RequireOpen().OpenAsync(lease.Shard, lease, cancellationToken);
    }

    /// <summary>
    /// Closes one shard: every later call for its memories is not_owner, what is on its way is committed, and when the task ends nothing more is written.
    /// Nothing happens when it is not open.
    /// </summary>
    /// <returns>False when the disk hangs and nobody can say what is still being written: then the lease must run out by itself.</returns>
    public Task<bool> CloseShardAsync(ShardId shard) => RequireOpen().CloseAsync(shard);

    /// <summary>True while the shard is open here and its lease is held.</summary>
    public bool IsServing(ShardId shard) => _shards?.IsHeld(shard) ?? false;

    /// <summary>Opens all shards, before any other service starts; none when the data folder is shared.</summary>
    /// <exception cref="LatentDbException">shard_locked, data_damaged, unsupported_format, configuration_invalid.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_shards is not null) return;
            CheckFileSystem();
            StoreMetrics.Announce();
            _shards = await ShardSet.OpenAsync(_options.Data, _options.Shards, _settings, cancellationToken).ConfigureAwait(false);
            _settings.Replication?.Start();
            _stopping = new CancellationTokenSource();
            if (_options.CompactionPause > TimeSpan.Zero) _compaction = Compactor.LoopAsync(_options.CompactionPause, _options.CompactionBytesPerSecond, _stopping.Token);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => StartingAsync(cancellationToken);

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Commits what is on its way and closes all shards, after every other service has stopped.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken) => await DisposeAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Not to be cancelled: the token at hand is that of the loop which this ends.
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await StopCompactionAsync().ConfigureAwait(false);
            ShardSet? shards = _shards;
            _shards = null;
            _gauges.Dispose();
            if (shards is not null) await shards.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task StopCompactionAsync()
    {
        if (_stopping is null) return;
        using CancellationTokenSource stopping = _stopping;
        _stopping = null;
        await stopping.CancelAsync().ConfigureAwait(false);
        await _compaction.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <exception cref="LatentDbException">configuration_invalid when nothing that is stored there would last.</exception>
    private void CheckFileSystem()
    {
        if (_settings.Disk is not LocalDisk) return;
        FileSystemKind kind = FileSystemKind.Of(_options.Data);
        if (kind.Durability == FileSystemDurability.Expected) return;
        if (_options.AllowVolatileDisk)
        {
            LogAllowed(_settings.Logger, kind.Name);
            return;
        }

        if (kind.Durability == FileSystemDurability.Doubtful)
        {
            LogDoubtful(_settings.Logger, kind.Name);
            return;
        }

        throw new LatentDbException(
            ErrorCode.ConfigurationInvalid,
            $"The data folder lies on {kind.Name}, where acknowledged data does not last. Choose a local disk, or set AllowVolatileDisk for a trial.");
    }

    [LoggerMessage(EventId = 105, Level = LogLevel.Warning, Message = "The data folder lies on {FileSystem}: it may go away with the container or not keep what was synced. Mount a volume for data that matters.")]
    private static partial void LogDoubtful(ILogger logger, string fileSystem);

    [LoggerMessage(EventId = 106, Level = LogLevel.Information, Message = "The data folder lies on {FileSystem}, as AllowVolatileDisk permits.")]
    private static partial void LogAllowed(ILogger logger, string fileSystem);

    private ShardSet RequireOpen() => _shards ?? throw (_options.Opens
        ? new LatentDbException(ErrorCode.ShuttingDown, "The store is not open.")
        : new LatentDbException(ErrorCode.NotOwner, "This silo owns no shards. Ask one that has the role store."));

    private static ShardSettings SettingsOf(MemoryStoreOptions options) => new() { ReserveBytes = options.ReserveBytes, IsShared = options.IsShared };

    private static MemoryStoreOptions RequireOptions(IOptions<MemoryStoreOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Value;
    }
}
