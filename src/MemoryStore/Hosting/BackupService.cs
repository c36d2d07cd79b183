using System.Diagnostics.Metrics;
using LatentDb.MemoryStore.Backup;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LatentDb.MemoryStore.Hosting;

/// <summary>Makes backups from start to stop, when there is a place for them.</summary>
internal sealed class BackupService(MemoryStoreService store, IOptions<MemoryStoreOptions> options, TimeProvider time, ILogger<BackupService> logger) : BackgroundService
{
    private readonly Meter _meter = new(StoreMetrics.Name);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.BackupPlace.Length == 0) return;
        var places = new BackupPlaces(new FolderPlace(LocalDisk.Instance, options.Value.BackupPlace), new FolderPlace(LocalDisk.Instance, options.Value.BackupKeysPlace, overwrites: true));
        var backup = new StoreBackup(() => store.Shards, places, new BackupSettings(time, options.Value.BackupKeep) { Files = options.Value.BackupFiles }, logger);
        _meter.CreateObservableGauge("latentdb.backup.age", backup.AgeSeconds, "s", "Time since the newest backup of the shard whose is the oldest.");
        await backup.LoopAsync(options.Value.BackupInterval, stoppingToken).ConfigureAwait(false);
    }
}
