using LatentDb.Grains.Contracts;
using LatentDb.Grains.Hosting;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Grains.Tests.Hosting;

/// <summary>A shard that goes and comes again, as the turns of its memories see it.</summary>
public sealed class ShardTurnsTests
{
    [Fact]
    public async Task A_shard_is_left_when_the_running_turns_have_ended_and_later_ones_go_elsewhere()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        var gate = new Gate();
        host.Model.OnInject = (_, token) => gate.PassAsync(token);
        Task<InjectResult> running = memory.InjectAsync("one");
        await gate.Arrived;
        ShardTurns turns = host.Turns;

        Task leaving = turns.LeaveAsync(host.ShardOf("bob"), CancellationToken.None).AsTask();
        LatentDbException refused = await Assert.ThrowsAsync<LatentDbException>(() => memory.InjectAsync("two"));
        bool waited = !leaving.IsCompleted;
        gate.Open();
        await leaving;

        Assert.Equal(ErrorCode.NotOwner, refused.Code);
        Assert.True(waited);
        Assert.Equal(2, (await running).Version.Number.Value);
    }

    [Fact]
    public async Task A_shard_that_comes_again_takes_turns_again()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        await host.Turns.LeaveAsync(host.ShardOf("bob"), CancellationToken.None);

        host.Turns.Enter(host.ShardOf("bob"));

        Assert.Equal(2, (await memory.InjectAsync("one")).Version.Number.Value);
    }

    [Fact]
    public async Task Who_waits_for_the_turns_of_a_shard_may_give_up()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        var gate = new Gate();
        host.Model.OnInject = (_, token) => gate.PassAsync(token);
        Task<InjectResult> running = memory.InjectAsync("one");
        await gate.Arrived;
        using var limit = new CancellationTokenSource();
        Task leaving = host.Turns.LeaveAsync(host.ShardOf("bob"), limit.Token).AsTask();

        await limit.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        gate.Open();
        await running;
    }
}
