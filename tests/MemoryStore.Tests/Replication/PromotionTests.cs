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
