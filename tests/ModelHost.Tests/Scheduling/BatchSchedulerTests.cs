using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Scheduling;

namespace LatentDb.ModelHost.Tests.Scheduling;

/// <summary>The loop on its own thread: no wake-up is lost, nothing hangs, and it outlives whatever is thrown at it.</summary>
public sealed class BatchSchedulerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Thousands_of_requests_from_many_threads_all_end_as_they_should_whatever_they_throw()
    {
        using BatchScheduler scheduler = NewScheduler(maxActive: 8, maxWaiting: 10_000);
        const int Clients = 16;
        const int Each = 250;

        Outcome[][] outcomes = await Task.WhenAll(Enumerable.Range(0, Clients).Select(c => Task.Run(() => ClientAsync(scheduler, (ulong)c, Each)))).WaitAsync(Limit);

        Assert.Equal(Clients * Each, outcomes.Sum(o => o.Length));
        Assert.All(outcomes.SelectMany(o => o), outcome => Assert.Equal(outcome.Expected, outcome.Happened));
        Assert.Equal((0, 0), (scheduler.Active, scheduler.Waiting));
    }

    [Fact]
    public async Task A_sleeping_loop_wakes_for_every_request_that_comes()
    {
        using BatchScheduler scheduler = NewScheduler(maxActive: 1, maxWaiting: 0);
        for (int i = 0; i < 5000; i++)
        {
            using Place place = await scheduler.EnterAsync(new Demand("a", RequestPriority.Interactive, 0), default);
            await scheduler.RunAsync(new LoopRequest(place, new FakeWork("w", 1, []), null, default)).WaitAsync(Limit);
        }
    }

    [Fact]
    public async Task A_sleeping_loop_hears_of_rows_that_arrive_and_of_a_cancellation()
    {
        using BatchScheduler scheduler = NewScheduler(maxActive: 2, maxWaiting: 0);
        for (int i = 0; i < 500; i++)
        {
            var rows = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var cancel = new CancellationTokenSource();
            using CancellationTokenRegistration ends = cancel.Token.Register(() => rows.TrySetCanceled());
            using Place place = await scheduler.EnterAsync(new Demand("a", RequestPriority.Interactive, 0), default);
            Task running = scheduler.RunAsync(new LoopRequest(place, new FakeWork("w", 2, []) { Wait = (i % 2, rows.Task) }, null, cancel.Token));
            if (i % 3 == 0)
            {
                await cancel.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Limit));
            }
            else
            {
                rows.SetResult();
                await running.WaitAsync(Limit);
            }
        }
    }

    [Fact]
    public async Task Putting_the_scheduler_away_ends_what_runs_and_what_waits_and_what_comes()
    {
        BatchScheduler scheduler = NewScheduler(maxActive: 1, maxWaiting: 4);
        Place place = await scheduler.EnterAsync(new Demand("a", RequestPriority.Interactive, 0), default);
        var answer = new FakeAnswer(1_000_000);
        Task running = scheduler.RunAsync(new LoopRequest(place, new FakeWork("w", 1, []), answer, default));
        Task<Place> waiting = scheduler.EnterAsync(new Demand("a", RequestPriority.Interactive, 0), default).AsTask();
        Assert.True(await answer.Tokens.WaitAsync());

        scheduler.Dispose();

        foreach (Task task in (Task[])[running, waiting, scheduler.RunAsync(new LoopRequest(place, new FakeWork("w", 1, []), new FakeAnswer(1), default))])
        {
            Assert.Equal(ErrorCode.ShuttingDown, (await Assert.ThrowsAsync<LatentDbException>(() => task.WaitAsync(Limit))).Code);
        }

        Assert.Equal(1, answer.Ends);
    }

    private static BatchScheduler NewScheduler(int maxActive, int maxWaiting) =>
        new(new SchedulerOptions(maxActive, maxWaiting, Layers: 2), new FakeDecoder(), TimeProvider.System, null);

    /// <summary>One client: requests that succeed, fail in a piece, a step, a token, or at their end, wait for rows, and are cancelled at a random moment.</summary>
    private static async Task<Outcome[]> ClientAsync(BatchScheduler scheduler, ulong seed, int requests)
    {
        var random = new SeededRandom(seed);
        var outcomes = new List<Outcome>();
        for (int i = 0; i < requests; i++)
        {
            int tokens = 1 + random.NextInt32(6);
            string expected = random.NextInt32(8) switch { 0 => "piece", 1 => "token", 2 => "step", 3 => "end", 4 => "cancelled", _ => "done" };
            using var cancel = new CancellationTokenSource();
            Task rows = random.NextInt32(3) == 0 ? Task.Run(async () => await Task.Yield(), CancellationToken.None) : Task.CompletedTask;
            var work = new FakeWork("w", 1 + random.NextInt32(4), [])
            {
                Wait = (0, rows),
                Fault = expected == "piece" ? (0, new InvalidOperationException("piece")) : null,
            };
            var answer = new FakeAnswer(expected == "cancelled" ? 1_000_000 : tokens)
            {
                Fault = expected == "token" ? (tokens - 1, new InvalidOperationException("token")) : null,
                StepFault = expected == "step" && tokens > 1 ? new InvalidOperationException("step") : null,
                EndFault = expected == "end" ? new InvalidOperationException("end") : null,
            };
            if (expected == "step" && tokens == 1) expected = "done"; // one token needs no step
            var demand = new Demand($"{seed % 3}", (RequestPriority)random.NextInt32(3), 10);
            using Place place = await scheduler.EnterAsync(demand, CancellationToken.None);
            Task running = scheduler.RunAsync(new LoopRequest(place, work, answer, cancel.Token));
            if (expected == "cancelled")
            {
                for (int spin = random.NextInt32(20); spin > 0; spin--) await Task.Yield();
                await cancel.CancelAsync();
            }

            string happened = "done";
            try
            {
                await running;
            }
            catch (OperationCanceledException)
            {
                happened = "cancelled";
            }
            catch (InvalidOperationException error)
            {
                happened = error.Message;
            }

            outcomes.Add(new Outcome(expected, answer.Ends == 1 ? happened : $"{happened}, {answer.Ends} ends"));
        }

        return [.. outcomes];
    }

    private sealed record Outcome(string Expected, string Happened);
}
