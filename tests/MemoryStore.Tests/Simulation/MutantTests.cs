using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>Stores that are wrong on purpose: the suites of this folder must find each of them, or they would prove nothing.</summary>
public sealed class MutantTests : IDisposable
{
    private const int Seeds = 150;
    private const int CutsPerSeed = 3;

    private readonly SimulatedStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Acknowledging_before_the_log_is_synced_is_found() =>
        Assert.True(await IsFoundByPowerCutsAsync(disk => SimulatedStore.Settings(new SyncMutantDisk(disk, SkipLogs))));

    [Fact]
    public async Task Syncs_that_do_nothing_are_found() =>
        Assert.True(await IsFoundByPowerCutsAsync(SimulatedStore.Settings, disk => disk.Faults.SyncsLie = true));

    [Fact]
    public async Task Folders_that_are_not_synced_are_found() =>
        Assert.True(await IsFoundByPowerCutsAsync(SimulatedStore.Settings, disk => disk.Faults.FolderSyncsLie = true));

    [Fact]
    public async Task Failed_syncs_that_go_unheard_are_found()
    {
        SimulatedScenario scenario = await SimulatedScenario.PrepareAsync(_store, "inject");
        bool isFound = false;
        for (int change = 0; change < 30 && !isFound; change++)
        {
            SimulatedRun run = scenario.Begin(change);
            await using (OpenStore open = await _store.OpenAsync(new SyncMutantDisk(run.Disk, IgnoreFailure), shards: 1))
            {
                run.Disk.Faults.FailingKinds = DiskChange.Sync;
                run.Disk.Faults.FailAt = run.Disk.Faults.Seen + change;
                await Record.ExceptionAsync(() => run.ActAsync(open));
            }

            isFound = await Record.ExceptionAsync(() => run.CheckReopenedAsync(run.Disk.AfterPowerCut(change), change)) is not null;
        }

        Assert.True(isFound);
    }

    [Fact]
    public async Task An_owner_that_never_looks_at_the_epoch_is_found()
    {
        var disk = new SimulatedDisk();
        string shard = Path.Combine(_store.Root, "shard-0000");
        var blind = new BlindDisk(disk);
        var model = new TestModel();
        await using OpenStore stale = await _store.OpenAsync(blind, shards: 1);
        MemoryTimeline timeline = await model.CreateAsync(stale.Catalog, OpenStore.Key("bob"));
        blind.Blind(shard);
        File.Delete(Path.Combine(shard, "lock"));

        await using OpenStore owner = await _store.OpenAsync(disk, shards: 1);
        MemoryVersion acknowledged = await model.InjectAsync(timeline, 1);

        // What ShardFaultTests demand is that this write is refused; here it was acknowledged, and is lost.
        MemoryTimeline seen = await owner.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
        Assert.NotEqual(acknowledged.Number, seen.Summary.Head.Number);
    }

    private static void SkipLogs(string path, Action sync)
    {
        if (!Path.GetFileName(path).StartsWith("log.", StringComparison.Ordinal)) sync();
    }

    /// <summary>As .NET 10 on Linux: a sync that fails returns as if it had not.</summary>
    private static void IgnoreFailure(string path, Action sync)
    {
        try
        {
            sync();
        }
        catch (IOException)
        {
            // This is the mutant.
        }
    }

    private async Task<bool> IsFoundByPowerCutsAsync(Func<IDisk, ShardSettings> settings, Action<SimulatedDisk>? prepare = null)
    {
        // Without a cut nobody can tell the mutant from the store.
        await PowerCutHistory.RunAsync(_store, settings, seed: 0, cuts: 0, prepare);
        for (int seed = 0; seed < Seeds; seed++)
        {
            try
            {
                await PowerCutHistory.RunAsync(_store, settings, seed, CutsPerSeed, prepare);
            }
            catch (Exception e) when (e is InvalidOperationException || e is LatentDbException { Code.Name: "data_damaged" })
            {
                return true;
            }
        }

        return false;
    }
}
