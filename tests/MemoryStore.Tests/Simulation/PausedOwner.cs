using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>A process that opens a shard, does one thing and then writes as long as it may, and is stopped somewhere on the way.</summary>
internal sealed class PausedOwner : IAsyncDisposable
{
    private readonly SimulatedStore _store;
    private readonly Func<SimulatedWriter, OpenStore, Task>? _act;
    private readonly int _writes;
    private readonly Task _work;
    private OpenStore? _open;

    private PausedOwner(SimulatedStore store, SimulatedDisk disk, SimulatedWriter writer, Func<SimulatedWriter, OpenStore, Task>? act, long pauseAfter, int writes)
    {
        _store = store;
        _act = act;
        _writes = writes;
        Disk = new PausingDisk(disk);
        Writer = writer;
        _work = Task.Run(() => RunAsync(pauseAfter));
    }

    public PausingDisk Disk { get; }

    public SimulatedWriter Writer { get; }

    public TestLease Lease { get; } = new(new ShardId(0));

    /// <summary>What ended its work; null when it was never hindered.</summary>
    public Exception? Error { get; private set; }

    /// <summary>The open store; null when it could not be opened, or is closed.</summary>
    public OpenStore? Store => _open;

    /// <summary>True when it did not get to the end before it was stopped.</summary>
    public bool IsPaused => Disk.Paused.IsCompleted;

    /// <param name="store">Whose.</param>
    /// <param name="disk">Shared with others.</param>
    /// <param name="writer">Knows what is there.</param>
    /// <param name="act">What it does once the shard is open; null = it is stopped in the opening.</param>
    /// <param name="pauseAfter">Operations of the disk, counted from the beginning of what it does.</param>
    /// <param name="writes">How many it tries after that.</param>
    public static async Task<PausedOwner> StartAsync(
        SimulatedStore store, SimulatedDisk disk, SimulatedWriter writer, Func<SimulatedWriter, OpenStore, Task>? act, long pauseAfter, int writes = 3)
    {
        var owner = new PausedOwner(store, disk, writer, act, pauseAfter, writes);
        await Task.WhenAny(owner._work, owner.Disk.Paused).WaitAsync(SimulatedStore.Patience);
        return owner;
    }

    /// <summary>Wakes it and waits until it has done what it could.</summary>
    public Task ResumeAsync()
    {
        Disk.Resume();
        return _work.WaitAsync(SimulatedStore.Patience);
    }

    /// <summary>The same, and closes what it had.</summary>
    public async Task ResumeToEndAsync()
    {
        await ResumeAsync();
        if (_open is not null) await _open.DisposeAsync().AsTask().WaitAsync(SimulatedStore.Patience);
        _open = null;
    }

    public async ValueTask DisposeAsync()
    {
        await ResumeToEndAsync();
        Disk.Dispose();
    }

    private async Task RunAsync(long pauseAfter)
    {
        try
        {
            if (_act is null) Disk.PauseAfter(pauseAfter);
            _open = await _store.OpenSharedAsync(Disk, Lease);
            if (_act is not null)
            {
                Disk.PauseAfter(pauseAfter);
                await _act(Writer, _open);
            }

            for (int i = 0; i < _writes; i++) await Writer.StepAsync(_open.Catalog);
        }
#pragma warning disable CA1031 // Whatever hinders a process that has lost its shard, the test looks at what it has left behind.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Error = e;
        }
    }
}
