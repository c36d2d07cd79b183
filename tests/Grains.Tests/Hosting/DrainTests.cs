using LatentDb.Grains.Contracts;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Grains.Tests.Hosting;

/// <summary>The end of the process: nothing new, what runs may end, what does not end is cancelled.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task Running_calls_end_and_new_ones_are_refused_while_the_host_drains()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        var gate = new Gate();
        host.Model.OnInject = (_, token) => gate.PassAsync(token);
        Task<InjectResult> running = memory.InjectAsync("one");
        await gate.Arrived;

        Task stopping = host.Host.StoppingAsync(CancellationToken.None);
        LatentDbException refused = await Assert.ThrowsAsync<LatentDbException>(() => memory.AskAsync());
        bool wasStopping = !stopping.IsCompleted;
        gate.Open();
        await stopping;

        Assert.Equal(ErrorCode.ShuttingDown, refused.Code);
        Assert.True(wasStopping);
        Assert.Equal(2, (await running).Version.Number.Value);
    }

    [Fact]
    public async Task What_does_not_end_within_the_limit_is_cancelled()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync(o => o.DrainLimit = TimeSpan.FromSeconds(25));
        IMemoryGrain memory = await host.CreateAsync("bob");
        var never = new Gate();
        host.Model.OnInject = (_, token) => never.PassAsync(token);
        Task<InjectResult> running = memory.InjectAsync("one");
        await never.Arrived;

        Task stopping = host.Host.StoppingAsync(CancellationToken.None);
        host.Time.Advance(TimeSpan.FromSeconds(25));
        await stopping;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_call_that_ignores_its_cancellation_does_not_hold_the_process()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync(o => o.DrainLimit = TimeSpan.Zero);
        IMemoryGrain memory = await host.CreateAsync("bob");
        var deaf = new Gate();
        host.Model.OnInject = (_, _) => deaf.PassAsync(CancellationToken.None);
        Task<InjectResult> running = memory.InjectAsync("one");
        await deaf.Arrived;

        Task stopping = host.Host.StoppingAsync(CancellationToken.None);
        while (!stopping.IsCompleted)
        {
            host.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.True(stopping.IsCompletedSuccessfully);
        deaf.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_host_without_calls_stops_at_once()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        await host.CreateAsync("bob");

        Task stopping = host.Host.StoppingAsync(CancellationToken.None);

        Assert.True(stopping.IsCompletedSuccessfully);
    }
}
