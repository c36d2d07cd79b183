using LatentDb.MemoryStore.Backup;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.MemoryStore.Tests.Backup;

/// <summary>A store and the two places of its backups, each on a simulated disk of its own.</summary>
internal sealed class BackupRig : IDisposable
{
    private const string DataPlace = "/place/data";
    private const string KeysPlace = "/place/keys";

    private readonly SimulatedStore _restored = new();

    public BackupRig()
    {
        foreach (string folder in (string[])["/place", DataPlace, KeysPlace]) Place.CreateDurableFolder(folder);
    }

    public SimulatedStore Store { get; } = new();

    public SimulatedDisk Disk { get; } = new();

    /// <summary>The disk of both places.</summary>
    public SimulatedDisk Place { get; set; } = new();

    public ManualTimeProvider Time { get; } = new();

    public BackupPlaces Places => new(new FolderPlace(Place, DataPlace), new FolderPlace(Place, KeysPlace, overwrites: true));

    public StoreBackup Backup(OpenStore open, TimeSpan? keep = null) =>
        new(() => open.Shards, Places, new BackupSettings(Time, keep ?? TimeSpan.FromDays(7), BytesPerSecond: 0), NullLogger.Instance);

    /// <summary>One pass that succeeds; the moment that can be restored since.</summary>
    public async Task<DateTimeOffset> BackUpAsync(OpenStore open, TimeSpan? keep = null)
    {
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, await Backup(open, keep).RunAsync(CancellationToken.None));
        return Time.GetUtcNow().AddSeconds(1);
    }

    /// <summary>Restores onto a new disk and opens what came of it.</summary>
    public async Task<(OpenStore Open, RestoreReport Report)> RestoreAsync(DateTimeOffset? at = null)
    {
        var disk = new SimulatedDisk();
        RestoreReport report = await new StoreRestorer(Places, SimulatedStore.Settings(disk)).RunAsync(_restored.Root, at, CancellationToken.None).WaitAsync(SimulatedStore.Patience);
        return (await _restored.OpenAsync(disk), report);
    }

    /// <summary>Restores, and finds exactly what that writer knows.</summary>
    public async Task CheckAsync(SimulatedWriter writer, DateTimeOffset? at = null)
    {
        (OpenStore open, _) = await RestoreAsync(at);
        await using (open) await writer.Copy(1).CheckAsync(open.Catalog).WaitAsync(SimulatedStore.Patience);
    }

    public Task<BackupCheck> VerifyAsync() => new BackupReader(Places).VerifyAsync(CancellationToken.None);

    public void Dispose()
    {
        Store.Dispose();
        _restored.Dispose();
    }
}
