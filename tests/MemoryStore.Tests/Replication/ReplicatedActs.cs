using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Replication;

/// <summary>An owner "a" and its follower "b", from a beginning that is the same every time, with something that the owner does.</summary>
internal sealed class ReplicatedActs
{
    public static readonly string[] Names = ["open", "create", "inject", "rollback", "erase", "checkpoint", "compact", "rotate"];

    private readonly SimulatedStore _store;
    private readonly TestCopySets _sets;
    private readonly SimulatedWriter _writer;
    private readonly Func<SimulatedWriter, OpenStore, Task>? _act;

    private ReplicatedActs(SimulatedStore store, TestCopySets sets, SimulatedWriter writer, SimulatedDisk a, SimulatedDisk b, Func<SimulatedWriter, OpenStore, Task>? act)
    {
        _store = store;
        _sets = sets;
        _writer = writer;
        _act = act;
        (A, B) = (a, b);
    }

    public SimulatedDisk A { get; }

    public SimulatedDisk B { get; }

    public static ReplicationOptions Options(ReplicationMode mode = ReplicationMode.Quorum, int minInSync = 2) =>
        new() { Mode = mode, Copies = 2, MinInSync = minInSync, DropAfter = minInSync == 1 ? TimeSpan.FromMilliseconds(50) : TimeSpan.FromHours(1) };

    public static async Task<ReplicatedActs> PrepareAsync(SimulatedStore store, string name)
    {
        (SimulatedDisk a, SimulatedDisk b) = (new SimulatedDisk(), new SimulatedDisk());
        var sets = new TestCopySets();
        var model = new TestModel(width: 256);
        var writer = new SimulatedWriter(model, "m0", seed: 1);
        await using var links = new InMemoryLinks();
        await using (ReplicatedSilo follower = await ReplicatedSilo.StartAsync(store, "b", b, ["a", "b"], sets, links, Options()))
        {
            for (int opening = 0; opening < 2; opening++)
            {
                await using ReplicatedSilo owner = await ReplicatedSilo.StartAsync(store, "a", a, ["a", "b"], sets, links, Options());
                if (!await owner.OpenAsync(sets)) throw new InvalidOperationException("a has no copy.");
                await owner.ServedAsync();
                if (name != "create") await WriteAsync(writer, model, owner.Store, opening);
                await owner.Store.DisposeAsync();
            }
        }

        return new ReplicatedActs(store, sets, writer, a, b, Act(name));
    }

    /// <summary>Both processes, with the owner's act not begun.</summary>
    /// <param name="seed">Of what the owner writes.</param>
    /// <param name="mode">How it waits.</param>
    /// <param name="wrap">The owner's disk as it sees it.</param>
    public Task<ReplicatedRun> BeginAsync(int seed, ReplicationMode mode = ReplicationMode.Quorum, Func<SimulatedDisk, IDisk>? wrap = null) =>
        ReplicatedRun.StartAsync(_store, A.Copy(), B.Copy(), _sets.Copy(), _writer.Copy(seed), _act, mode, wrap);

    private static async Task WriteAsync(SimulatedWriter writer, TestModel model, OpenStore open, int opening)
    {
        if (opening == 1)
        {
            await writer.InjectAsync(open.Catalog);
            return;
        }

        await writer.CreateAsync(open.Catalog);
        await writer.InjectAsync(open.Catalog);
        await writer.ForkAsync(open.Catalog);
        var garbage = new SimulatedWriter(model, "m1", seed: 2);
        await garbage.CreateAsync(open.Catalog);
        for (int i = 0; i < 8; i++) await garbage.InjectAsync(open.Catalog);
        await garbage.EraseAsync(open.Catalog);
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

/// <summary>One run: the owner acts, and something happens to it or to its follower.</summary>
internal sealed class ReplicatedRun : IAsyncDisposable
{
    private readonly SimulatedStore _store;
    private readonly Func<SimulatedWriter, OpenStore, Task>? _act;

    private ReplicatedRun(SimulatedStore store, InMemoryLinks links, SimulatedDisk diskOfA, SimulatedDisk diskOfB, TestCopySets sets, SimulatedWriter writer, Func<SimulatedWriter, OpenStore, Task>? act, ReplicatedSilo a, ReplicatedSilo b)
    {
        _store = store;
        _act = act;
        (Links, DiskOfA, DiskOfB, Sets, Writer, A, B) = (links, diskOfA, diskOfB, sets, writer, a, b);
    }

    public static async Task<ReplicatedRun> StartAsync(
        SimulatedStore store, SimulatedDisk diskOfA, SimulatedDisk diskOfB, TestCopySets sets, SimulatedWriter writer, Func<SimulatedWriter, OpenStore, Task>? act, ReplicationMode mode,
        Func<SimulatedDisk, IDisk>? wrap)
    {
        var links = new InMemoryLinks();
        ReplicatedSilo b = await ReplicatedSilo.StartAsync(store, "b", diskOfB, ["a", "b"], sets, links, ReplicatedActs.Options(mode));
        ReplicatedSilo a = await ReplicatedSilo.StartAsync(store, "a", wrap?.Invoke(diskOfA) ?? diskOfA, ["a", "b"], sets, links, ReplicatedActs.Options(mode));
        return new ReplicatedRun(store, links, diskOfA, diskOfB, sets, writer, act, a, b);
    }

    public InMemoryLinks Links { get; }

    public SimulatedDisk DiskOfA { get; }

    public SimulatedDisk DiskOfB { get; }

    public TestCopySets Sets { get; }

    public SimulatedWriter Writer { get; }

    public ReplicatedSilo A { get; }

    public ReplicatedSilo B { get; }

    /// <summary>The owner opens, acts and writes some more; whatever ends it is kept.</summary>
    /// <param name="armed">Called where the act begins, once the follower has a copy.</param>
    public async Task<Exception?> ActAsync(Action armed)
    {
        try
        {
            long before = Sets.Read(ReplicatedSilo.Shard)!.Revision;
            if (_act is null) armed();
            await A.OpenAsync(Sets);
            await A.ServedAsync();
            while (_act is not null && !HasJoined(before)) await Task.Delay(1);
            if (_act is not null) armed();
            if (_act is not null) await _act(Writer, A.Store);
            for (int i = 0; i < 2; i++) await Writer.StepAsync(A.Store.Catalog);
            return null;
        }
        catch (Exception e) when (e is LatentDbException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            return e;
        }
    }

    /// <summary>The follower was compared with this owner: it left the set and came back.</summary>
    private bool HasJoined(long before) => Sets.Read(ReplicatedSilo.Shard) is { } set && set.Revision >= before + 2 && set.Members.Contains("b");

    /// <summary>The owner is gone; the follower's process starts again on what is left of its disk and is promoted. Everything acknowledged must be there.</summary>
    /// <returns>False when the follower did not count at that moment: then the owner must come back.</returns>
    public async Task<bool> PromoteAsync(SimulatedDisk left)
    {
        await EndAsync();
        await using var links = new InMemoryLinks();
        await using ReplicatedSilo promoted = await ReplicatedSilo.StartAsync(_store, "b", left, ["b"], Sets, links, ReplicatedActs.Options(minInSync: 1));
        if (!await promoted.OpenAsync(Sets)) return false;
        await promoted.ServedAsync();
        await CheckAsync(promoted);
        return true;
    }

    /// <summary>The follower's process takes the lease and opens its copy while the owner's is still there.</summary>
    public async Task<ReplicatedSilo> PromoteBesideAsync()
    {
        await B.DisposeAsync();
        ReplicatedSilo promoted = await ReplicatedSilo.StartAsync(_store, "b", DiskOfB, ["b"], Sets, Links, ReplicatedActs.Options(minInSync: 1));
        if (!await promoted.OpenAsync(Sets)) throw new InvalidOperationException("The follower does not count.");
        await promoted.ServedAsync();
        return promoted;
    }

    /// <summary>The owner starts again on what is left of its disk.</summary>
    public async Task RestartAsync(SimulatedDisk left)
    {
        await EndAsync();
        await using var links = new InMemoryLinks();
        await using ReplicatedSilo again = await ReplicatedSilo.StartAsync(_store, "a", left, ["a"], Sets, links, ReplicatedActs.Options(minInSync: 1));
        if (!await again.OpenAsync(Sets)) throw new InvalidOperationException("Neither has a copy that counts.");
        await again.ServedAsync();
        await CheckAsync(again);
    }

    public async Task EndAsync()
    {
        A.Lease?.Lose();
        Links.Kill("a");
        Links.Kill("b");
        await A.DisposeAsync();
        await B.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        await Links.DisposeAsync();
    }

    private async Task CheckAsync(ReplicatedSilo silo)
    {
        await Writer.CheckAsync(silo.Store.Catalog).WaitAsync(SimulatedStore.Patience);
        SimulatedWriter next = Writer.Successor(7);
        for (int i = 0; i < 2; i++) await next.StepAsync(silo.Store.Catalog).WaitAsync(SimulatedStore.Patience);
        await next.CheckAsync(silo.Store.Catalog).WaitAsync(SimulatedStore.Patience);
    }
}
