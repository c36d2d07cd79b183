using LatentDb.MemoryStore.Replication;
using LatentDb.MemoryStore.Tests.Simulation;
using Xunit.Abstractions;

namespace LatentDb.MemoryStore.Tests.Replication;

/// <summary>
/// An owner and a follower with a disk each. The owner's power goes at every change of its disk, the follower's at every change of its own, the follower's
/// process ends at every write on the link: for everything that an owner does. Whoever is promoted has all that was acknowledged.
/// </summary>
public sealed class PromotionTests(ITestOutputHelper output) : IDisposable
{
    private const int MaxPlaces = 3000;

    private readonly SimulatedStore _store = new();

    public static TheoryData<string> Acts => [.. ReplicatedActs.Names];

    public void Dispose() => _store.Dispose();

    [Theory]
    [MemberData(nameof(Acts))]
    public async Task What_the_owner_acknowledged_before_its_power_went_the_follower_has(string name)
    {
        ReplicatedActs acts = await ReplicatedActs.PrepareAsync(_store, name);
        int places = await EachAsync(acts, ReplicationMode.Quorum, (run, at) => run.DiskOfA.CutAt = run.DiskOfA.Changes + at, run => run.DiskOfA.Off);
        output.WriteLine($"{name}: the owner's power at {places} changes of its disk");
    }

    [Theory]
    [MemberData(nameof(Acts))]
    public async Task What_the_owner_acknowledged_a_follower_has_whose_own_power_went(string name)
    {
        ReplicatedActs acts = await ReplicatedActs.PrepareAsync(_store, name);
        int places = await EachAsync(acts, ReplicationMode.Quorum, (run, at) => run.DiskOfB.CutAt = run.DiskOfB.Changes + at, run => run.DiskOfB.Off);
        output.WriteLine($"{name}: the follower's power at {places} changes of its disk");
    }

    [Theory]
    [MemberData(nameof(Acts))]
    public async Task What_the_owner_acknowledged_a_follower_has_that_ended_at_any_frame(string name)
    {
        ReplicatedActs acts = await ReplicatedActs.PrepareAsync(_store, name);
        int frames = 0;
        while (await CutLinkAsync(acts, ReplicationMode.Quorum, frames + 1)) frames++;
        Assert.InRange(frames, 3, MaxPlaces);
        output.WriteLine($"{name}: the follower's process at {frames} frames");
    }

    /// <summary>The mutant: an owner that waits for nobody.</summary>
    [Fact]
    public async Task An_owner_that_does_not_wait_is_found_to_lose_what_it_acknowledged()
    {
        ReplicatedActs acts = await ReplicatedActs.PrepareAsync(_store, "inject");
        int lost = 0;
        for (int frame = 1; frame <= 3; frame++)
        {
            try
            {
                await CutLinkAsync(acts, ReplicationMode.Async, frame);
            }
            catch (InvalidOperationException)
            {
                lost++;
            }
        }

        Assert.NotEqual(0, lost);
    }

    /// <summary>An owner is stopped before any operation of its disk, its follower is promoted, and it wakes with its lease as it was: the copies alone must hold it.</summary>
    [Theory]
    [InlineData("inject")]
    [InlineData("erase")]
    public async Task An_owner_that_wakes_after_the_promotion_acknowledges_nothing_that_is_not_there(string name)
    {
        ReplicatedActs acts = await ReplicatedActs.PrepareAsync(_store, name);
        int at = 0;
        while (await PauseAsync(acts, at)) at++;
        Assert.InRange(at, 3, MaxPlaces);
        output.WriteLine($"{name}: the owner stopped before {at} operations");
    }

    private async Task<bool> PauseAsync(ReplicatedActs acts, int at)
    {
        PausingDisk? disk = null;
        await using ReplicatedRun run = await acts.BeginAsync(at, wrap: inner => disk = new PausingDisk(inner));
        Task<Exception?> act = run.ActAsync(() => disk!.PauseAfter(at));
        await Task.WhenAny(act, disk!.Paused).WaitAsync(SimulatedStore.Patience);
        bool isPaused = disk.Paused.IsCompleted;
        if (isPaused)
        {
            await using ReplicatedSilo promoted = await run.PromoteBesideAsync();
            SimulatedWriter successor = run.Writer.Successor(at);
            await successor.CheckAsync(promoted.Store.Catalog).WaitAsync(SimulatedStore.Patience);
            int acknowledged = run.Writer.Acknowledged;
            disk.Resume();
            await act.WaitAsync(SimulatedStore.Patience);

            // What it was about to acknowledge may have been confirmed before the promotion: then it is there.
            Assert.InRange(run.Writer.Acknowledged - acknowledged, 0, 1);
            await run.Writer.CheckAsync(promoted.Store.Catalog).WaitAsync(SimulatedStore.Patience);
        }

        disk.Resume();
        await run.EndAsync();
        await act.WaitAsync(SimulatedStore.Patience);
        disk.Dispose();
        return isPaused;
    }

    /// <returns>False when there were fewer frames.</returns>
    private static async Task<bool> CutLinkAsync(ReplicatedActs acts, ReplicationMode mode, int frame)
    {
        await using ReplicatedRun run = await acts.BeginAsync(frame, mode);
        int before = int.MaxValue;
        Task<Exception?> act = run.ActAsync(() =>
        {
            before = run.Links.WritesOf("b");
            run.Links.KillAfter("b", frame);
        });
        while (!act.IsCompleted && run.Links.WritesOf("b") - (long)before < frame) await Task.Delay(1);
        bool isMet = run.Links.WritesOf("b") - before >= frame;
        if (mode == ReplicationMode.Async) await act.WaitAsync(SimulatedStore.Patience);
        await run.EndAsync();
        await act.WaitAsync(SimulatedStore.Patience);
        if (isMet && !await run.PromoteAsync(run.DiskOfB.AfterKill())) await run.RestartAsync(run.DiskOfA.AfterPowerCut(frame));
        return isMet;
    }

    /// <returns>How many places there were.</returns>
    private static async Task<int> EachAsync(ReplicatedActs acts, ReplicationMode mode, Action<ReplicatedRun, int> arm, Func<ReplicatedRun, Task> met)
    {
        for (int at = 0; ; at++)
        {
            Assert.True(at < MaxPlaces, $"{at} places");
            await using ReplicatedRun run = await acts.BeginAsync(at, mode);
            Task<Exception?> act = run.ActAsync(() => arm(run, at));
            await Task.WhenAny(act, met(run)).WaitAsync(SimulatedStore.Patience);
            bool isMet = met(run).IsCompleted;
            await run.EndAsync();
            await act.WaitAsync(SimulatedStore.Patience);
            if (!isMet)
            {
                Assert.Null(await act);
                return at;
            }

            // The follower's power goes as well: what is promoted is what its disk has kept.
            if (!await run.PromoteAsync(run.DiskOfB.AfterPowerCut(at))) await run.RestartAsync(run.DiskOfA.AfterPowerCut(at));
        }
    }
}
