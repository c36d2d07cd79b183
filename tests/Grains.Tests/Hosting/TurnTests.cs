using LatentDb.Grains.Contracts;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Tests.Hosting;

/// <summary>One writer at a time, readers beside it.</summary>
public sealed class TurnTests
{
    [Fact]
    public async Task Writes_of_one_memory_run_one_at_a_time_in_the_order_of_their_arrival()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        int inside = 0;
        int most = 0;
        List<string> order = [];
        var first = new Gate();
        host.Model.OnInject = async (request, token) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            order.Add(((TextInput.Plain)request.Text).Text);
            if (order.Count == 1) await first.PassAsync(token);
            else await Task.Yield();
            Interlocked.Decrement(ref inside);
        };

        Task<InjectResult>[] writes = [.. Enumerable.Range(0, 20).Select(i => memory.InjectAsync($"{i}"))];
        await first.Arrived;
        first.Open();
        InjectResult[] results = await Task.WhenAll(writes);

        Assert.Equal(1, most);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), order);
        Assert.Equal(Enumerable.Range(2, 20).Select(i => (long)i), results.Select(r => r.Version.Number.Value));
    }

    [Fact]
    public async Task Writes_of_different_memories_run_beside_each_other()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain slow = await host.CreateAsync("slow");
        IMemoryGrain quick = await host.CreateAsync("quick");
        var gate = new Gate();
        host.Model.OnInject = (request, token) => request.Text == new TextInput.Plain("wait") ? gate.PassAsync(token) : Task.CompletedTask;
        Task<InjectResult> waiting = slow.InjectAsync("wait");
        await gate.Arrived;

        InjectResult other = await quick.InjectAsync("go");

        Assert.False(waiting.IsCompleted);
        Assert.Equal(2, other.Version.Number.Value);
        gate.Open();
        await waiting;
    }

    [Fact]
    public async Task A_query_runs_beside_a_write_and_sees_the_version_before_it()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        await memory.InjectAsync("one");
        var gate = new Gate();
        host.Model.OnStaged = gate.PassAsync;
        Task<InjectResult> writing = memory.InjectAsync("two");
        await gate.Arrived;

        string during = await memory.AskAsync();
        gate.Open();
        await writing;

        Assert.Equal("one", during);
        Assert.Equal("one|two", await memory.AskAsync());
    }

    [Fact]
    public async Task A_query_that_began_before_a_write_ends_on_the_version_it_began_with()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        await memory.InjectAsync("one");
        await memory.InjectAsync("two");
        var gate = new Gate();
        host.Model.OnPiece = gate.PassAsync;
        Task<string> asking = memory.AskAsync();
        await gate.Arrived;

        await memory.InjectAsync("three");
        gate.Open();

        Assert.Equal("one|two", await asking);
    }

    [Fact]
    public async Task A_write_that_finds_the_queue_full_is_told_when_to_come_back()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync(o => o.MaxWaitingWrites = 1);
        IMemoryGrain memory = await host.CreateAsync("bob");
        var gate = new Gate();
        host.Model.OnInject = (_, token) => gate.PassAsync(token);
        Task<InjectResult> running = memory.InjectAsync("one");
        await gate.Arrived;
        Task<InjectResult> waiting = memory.InjectAsync("two");

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => memory.InjectAsync("three"));
        gate.Open();

        Assert.Equal(ErrorCode.Overloaded, error.Code);
        Assert.NotNull(error.RetryAfter);
        Assert.Equal(2, (await running).Version.Number.Value);
        Assert.Equal(3, (await waiting).Version.Number.Value);
    }

    [Fact]
    public async Task A_cancelled_wait_gives_its_place_back_and_never_runs()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync(o => o.MaxWaitingWrites = 1);
        IMemoryGrain memory = await host.CreateAsync("bob");
        var gate = new Gate();
        host.Model.OnInject = (_, token) => gate.PassAsync(token);
        Task<InjectResult> running = memory.InjectAsync("one");
        await gate.Arrived;
        using var impatience = new CancellationTokenSource();
        Task<InjectResult> waiting = memory.InjectAsync("never", cancellationToken: impatience.Token);

        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Task<InjectResult> next = memory.InjectAsync("two");
        gate.Open();
        await Task.WhenAll(running, next);

        Assert.Equal("one|two", await memory.AskAsync());
    }

    [Fact]
    public async Task A_running_write_that_is_cancelled_changes_nothing()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        var gate = new Gate();
        host.Model.OnStaged = gate.PassAsync;
        using var impatience = new CancellationTokenSource();
        Task<InjectResult> running = memory.InjectAsync("one", cancellationToken: impatience.Token);
        await gate.Arrived;

        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        Assert.Equal(1, await memory.HeadAsync());
    }
}
