using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>One thing that the store does, from a beginning that is the same every time, so that a fault can be put at each of its changes in turn.</summary>
internal sealed class SimulatedScenario
{
    private readonly SimulatedStore _store;
    private readonly SimulatedDisk _disk;
    private readonly SimulatedWriter _writer;
    private readonly Func<SimulatedWriter, MemoryCatalog, Task>? _act;

    private SimulatedScenario(SimulatedStore store, SimulatedDisk disk, SimulatedWriter writer, Func<SimulatedWriter, MemoryCatalog, Task>? act)
    {
        _store = store;
        _disk = disk;
        _writer = writer;
        _act = act;
    }

    public static IEnumerable<string> Names => ["open", "create", "inject", "checkpoint", "rollback", "snapshot", "remove snapshot", "fork", "erase", "erase source", "erase fork"];

    /// <summary>True when the fault is to fall into the opening itself.</summary>
    public bool IsOpening => _act is null;

    public static async Task<SimulatedScenario> PrepareAsync(SimulatedStore store, string name)
    {
        var disk = new SimulatedDisk();
        var writer = new SimulatedWriter(new TestModel(width: 256), "m0", seed: 1);
        await using (OpenStore open = await store.OpenAsync(disk, shards: 1))
        {
            if (name != "create")
            {
                await writer.CreateAsync(open.Catalog);
                await writer.InjectAsync(open.Catalog);
                await writer.SnapshotAsync(open.Catalog);
                await writer.InjectAsync(open.Catalog);
                if (name is "erase source" or "erase fork") await writer.ForkAsync(open.Catalog);
            }
        }

        return new SimulatedScenario(store, disk, writer, Act(name));
    }

    /// <summary>A fresh copy of the beginning.</summary>
    public SimulatedRun Begin(int seed) => new(_store, _disk.Copy(), _writer.Copy(seed), _act);

    private static Func<SimulatedWriter, MemoryCatalog, Task>? Act(string name) => name switch
    {
        "create" => (writer, catalog) => writer.CreateAsync(catalog),
        "inject" => (writer, catalog) => writer.InjectAsync(catalog),
        "checkpoint" => async (writer, catalog) =>
        {
            for (int i = 0; i < 12; i++) await writer.RollBackAsync(catalog);
        }
        ,
        "rollback" => (writer, catalog) => writer.RollBackAsync(catalog),
        "snapshot" => (writer, catalog) => writer.SnapshotAsync(catalog),
        "remove snapshot" => (writer, catalog) => writer.RemoveSnapshotAsync(catalog),
        "fork" => (writer, catalog) => writer.ForkAsync(catalog),
        "erase" or "erase source" => (writer, catalog) => writer.EraseAsync(catalog),
        "erase fork" => (writer, catalog) => writer.EraseForkAsync(catalog),
        _ => null,
    };
}

/// <summary>One run of a scenario.</summary>
internal sealed record SimulatedRun(SimulatedStore Store, SimulatedDisk Disk, SimulatedWriter Writer, Func<SimulatedWriter, MemoryCatalog, Task>? Act)
{
    public Task<OpenStore> OpenAsync() => Store.OpenAsync(Disk, shards: 1);

    public Task ActAsync(OpenStore open) => Act is null ? Task.CompletedTask : Act(Writer, open.Catalog).WaitAsync(SimulatedStore.Patience);

    /// <summary>Opens the disk that is left: everything acknowledged is there, it takes writes, and a power cut afterwards takes nothing back.</summary>
    public async Task CheckReopenedAsync(SimulatedDisk left, int seed)
    {
        await using (OpenStore open = await Store.OpenAsync(left, shards: 1))
        {
            await Writer.CheckAsync(open.Catalog).WaitAsync(SimulatedStore.Patience);
            await Writer.StepAsync(open.Catalog).WaitAsync(SimulatedStore.Patience);
            await Writer.CheckAsync(open.Catalog).WaitAsync(SimulatedStore.Patience);
        }

        await using OpenStore again = await Store.OpenAsync(left.AfterPowerCut(seed), shards: 1);
        await Writer.CheckAsync(again.Catalog).WaitAsync(SimulatedStore.Patience);
    }
}
