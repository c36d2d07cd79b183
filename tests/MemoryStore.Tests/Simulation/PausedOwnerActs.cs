using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>What an owner does while it is stopped, from a beginning that is the same every time: several epochs, garbage in them, a fork.</summary>
internal sealed class PausedOwnerActs
{
    private readonly SimulatedStore _store;
    private readonly SimulatedWriter _writer;
    private readonly Func<SimulatedWriter, OpenStore, Task>? _act;

    private PausedOwnerActs(SimulatedStore store, SimulatedDisk disk, SimulatedWriter writer, Func<SimulatedWriter, OpenStore, Task>? act)
    {
        _store = store;
        Disk = disk;
        _writer = writer;
        _act = act;
    }

    public static IEnumerable<string> Names => ["open", "open new", "create", "inject", "rollback", "erase", "checkpoint", "compact", "rotate"];

    public SimulatedDisk Disk { get; }

    /// <summary>True when the owner is stopped before it has opened the shard.</summary>
    public bool IsOpening => _act is null;

    public static async Task<PausedOwnerActs> PrepareAsync(SimulatedStore store, string name)
    {
        var disk = new SimulatedDisk();
        var model = new TestModel(width: 256);
        var writer = new SimulatedWriter(model, "m0", seed: 1);
        if (name is not ("open new" or "create"))
        {
            await using (OpenStore open = await store.OpenAsync(disk, shards: 1))
            {
                await writer.CreateAsync(open.Catalog);
                await writer.InjectAsync(open.Catalog);
                await writer.ForkAsync(open.Catalog);
                var garbage = new SimulatedWriter(model, "m1", seed: 2);
                await garbage.CreateAsync(open.Catalog);
                for (int i = 0; i < 8; i++) await garbage.InjectAsync(open.Catalog);
                await garbage.EraseAsync(open.Catalog);
            }

            await using (OpenStore open = await store.OpenAsync(disk, shards: 1)) await writer.InjectAsync(open.Catalog);
        }

        return new PausedOwnerActs(store, disk, writer, Act(name));
    }

    public Task<PausedOwner> StartAsync(SimulatedDisk disk, long pauseAfter) => PausedOwner.StartAsync(_store, disk, _writer.Copy((int)pauseAfter), _act, pauseAfter);

    /// <summary>Operations of the act and of the writes after it.</summary>
    public async Task<int> CountAsync()
    {
        await using PausedOwner whole = await StartAsync(Disk.Copy(), int.MaxValue);
        long before = _act is null ? 0 : await CountOpeningAsync();
        return (int)(whole.Disk.Operations - before);
    }

    public async Task<int> CountOpeningAsync()
    {
        using var counting = new PausingDisk(Disk.Copy());
        await using OpenStore open = await _store.OpenSharedAsync(counting, new TestLease(new ShardId(0)));
        return (int)counting.Operations;
    }

    private static Func<SimulatedWriter, OpenStore, Task>? Act(string name) => name switch
    {
        "create" => (writer, open) => writer.CreateAsync(open.Catalog),
        "inject" => (writer, open) => writer.InjectAsync(open.Catalog),
        "rollback" => (writer, open) => writer.RollBackAsync(open.Catalog),
        "erase" => (writer, open) => writer.EraseForkAsync(open.Catalog),
        "checkpoint" => async (writer, open) =>
        {
            for (int i = 0; i < 12; i++) await writer.RollBackAsync(open.Catalog);
        }
        ,
        "compact" => (_, open) => open.CompactAsync(),
        "rotate" => (_, open) => open.RotateAsync(),
        _ => null,
    };
}
