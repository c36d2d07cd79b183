using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Scheduling;

namespace LatentDb.ModelHost.Tests.Scheduling;

/// <summary>Places are bounded, the queue is bounded, turns are handed round.</summary>
public sealed class StepSchedulerTests
{
    [Fact]
    public async Task A_full_queue_refuses_with_a_time_to_retry()
    {
        using var scheduler = new StepScheduler(new SchedulerOptions(MaxActive: 1, MaxWaiting: 1, ConcurrentSteps: 1));
        using StepScheduler.Admission running = await scheduler.EnterAsync(default);
        Task<StepScheduler.Admission> waiting = scheduler.EnterAsync(default).AsTask();

        var error = await Assert.ThrowsAsync<LatentDbException>(() => scheduler.EnterAsync(default).AsTask());

        Assert.Equal(ErrorCode.Overloaded, error.Code);
        Assert.NotNull(error.RetryAfter);
        running.Dispose();
        (await waiting).Dispose();
        Assert.Equal(0, scheduler.Waiting);
    }

    [Fact]
    public async Task A_cancelled_wait_gives_its_place_in_the_queue_back()
    {
        using var scheduler = new StepScheduler(new SchedulerOptions(MaxActive: 1, MaxWaiting: 1, ConcurrentSteps: 1));
        using StepScheduler.Admission running = await scheduler.EnterAsync(default);
        using var cancel = new CancellationTokenSource();
        Task<StepScheduler.Admission> waiting = scheduler.EnterAsync(cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, scheduler.Waiting);
        Task<StepScheduler.Admission> next = scheduler.EnterAsync(default).AsTask();
        running.Dispose();
        (await next).Dispose();
    }

    [Fact]
    public async Task Two_requests_take_turns_step_by_step()
    {
        using var scheduler = new StepScheduler(new SchedulerOptions(MaxActive: 2, MaxWaiting: 0, ConcurrentSteps: 1));
        using StepScheduler.Admission a = await scheduler.EnterAsync(default);
        using StepScheduler.Admission b = await scheduler.EnterAsync(default);
        StepScheduler.Turn first = await a.TakeTurnAsync(default);
        Task<StepScheduler.Turn> second = b.TakeTurnAsync(default).AsTask();
        Task<StepScheduler.Turn> third = a.TakeTurnAsync(default).AsTask();

        Assert.False(second.IsCompleted);
        first.Dispose();
        StepScheduler.Turn turn = await second;
        Assert.False(third.IsCompleted);
        turn.Dispose();
        (await third).Dispose();
    }

    [Fact]
    public async Task A_place_is_given_back_once_however_often_it_is_disposed()
    {
        using var scheduler = new StepScheduler(new SchedulerOptions(MaxActive: 1, MaxWaiting: 0, ConcurrentSteps: 1));
        StepScheduler.Admission place = await scheduler.EnterAsync(default);
        place.Dispose();
        place.Dispose();

        using StepScheduler.Admission again = await scheduler.EnterAsync(default);

        await Assert.ThrowsAsync<LatentDbException>(() => scheduler.EnterAsync(default).AsTask());
    }
}
