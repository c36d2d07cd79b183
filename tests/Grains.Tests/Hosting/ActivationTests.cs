using LatentDb.Grains.Contracts;
using LatentDb.Grains.Hosting;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Grains.Tests.Hosting;

/// <summary>Which memories are active, and for how long.</summary>
public sealed class ActivationTests
{
    [Fact]
    public async Task An_idle_memory_is_put_away_and_comes_back_with_the_next_call()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync(o => o.IdleAfter = TimeSpan.FromMinutes(10));
        IMemoryGrain memory = await host.CreateAsync("bob");
        await memory.InjectAsync("one");
        List<string> gone = [];
        host.Host.Events.Deactivated += key => gone.Add(key.Memory.Value);

        host.Time.Advance(TimeSpan.FromMinutes(9));
        int before = host.Host.ActiveCount;
        host.Time.Advance(TimeSpan.FromMinutes(6));

        Assert.Equal(1, before);
        Assert.Equal(["bob"], gone);
        Assert.Equal(0, host.Host.ActiveCount);
        Assert.Equal("one", await memory.AskAsync());
    }

    [Fact]
    public async Task A_memory_with_a_running_call_is_not_put_away_however_long_it_takes()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        var gate = new Gate();
        host.Model.OnInject = (_, token) => gate.PassAsync(token);
        Task<InjectResult> running = memory.InjectAsync("one");
        await gate.Arrived;

        host.Time.Advance(TimeSpan.FromDays(1));

        Assert.Equal(1, host.Host.ActiveCount);
        gate.Open();
        await running;
    }

    [Fact]
    public async Task The_longest_idle_memory_makes_room_when_the_table_is_full()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync(o => o.MaxActive = 2);
        List<string> gone = [];
        host.Host.Events.Deactivated += key => gone.Add(key.Memory.Value);
        await host.CreateAsync("a");
        await host.CreateAsync("b");
        await host.Memory("a").HeadAsync();

        await host.CreateAsync("c");

        Assert.Equal(["b"], gone);
        Assert.Equal(2, host.Host.ActiveCount);
    }

    [Fact]
    public async Task A_call_is_refused_when_every_active_memory_is_busy()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync(o => o.MaxActive = 1);
        IMemoryGrain busy = await host.CreateAsync("busy");
        var gate = new Gate();
        host.Model.OnInject = (_, token) => gate.PassAsync(token);
        Task<InjectResult> running = busy.InjectAsync("one");
        await gate.Arrived;

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => host.CreateAsync("other"));
        gate.Open();
        await running;
        await host.CreateAsync("other");

        Assert.Equal(ErrorCode.Overloaded, error.Code);
        Assert.NotNull(error.RetryAfter);
    }

    [Fact]
    public async Task A_call_to_a_memory_that_does_not_exist_leaves_no_busy_activation()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync(o => o.MaxActive = 1);

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => host.Memory("nobody").InjectAsync("one"));

        Assert.Equal(ErrorCode.MemoryNotFound, error.Code);
        await host.CreateAsync("somebody");
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, -1)]
    public void Limits_that_make_no_sense_are_refused_at_start(int maxActive, int idleSeconds, int maxWaiting)
    {
        var options = new GrainHostOptions { MaxActive = maxActive, IdleAfter = TimeSpan.FromSeconds(idleSeconds), MaxWaitingWrites = maxWaiting };

        LatentDbException error = Assert.Throws<LatentDbException>(options.Check);

        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
    }
}
