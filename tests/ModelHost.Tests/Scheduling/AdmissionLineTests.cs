using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Scheduling;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Scheduling;

/// <summary>Places are bounded, the line is bounded, and both are divided fairly.</summary>
public sealed class AdmissionLineTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task A_full_line_refuses_with_a_time_to_retry_that_grows_with_what_a_place_takes()
    {
        AdmissionLine line = NewLine(maxActive: 1, maxWaiting: 4);
        Place place = await line.EnterAsync(Query("a"), default);
        Task<Place>[] waiting = [.. Enumerable.Range(0, 4).Select(_ => line.EnterAsync(Query("a"), default).AsTask())];

        LatentDbException first = await RefusedAsync(line, "a");
        _time.Advance(TimeSpan.FromSeconds(5));
        place.Dispose();
        Task<Place> last = line.EnterAsync(Query("a"), default).AsTask();
        LatentDbException later = await RefusedAsync(line, "a");

        Assert.Equal(ErrorCode.Overloaded, first.Code);
        Assert.Equal(TimeSpan.FromSeconds(1), first.RetryAfter);
        Assert.Equal(TimeSpan.FromSeconds(20), later.RetryAfter); // four wait, five seconds each
        Assert.Equal(2, line.Refused);
        foreach (Task<Place> wait in waiting.Append(last)) (await wait).Dispose();
        Assert.Equal((0, 0), (line.Places, line.Waiting));
    }

    [Fact]
    public async Task A_cancelled_wait_leaves_the_line_at_once()
    {
        AdmissionLine line = NewLine(maxActive: 1, maxWaiting: 1);
        Place running = await line.EnterAsync(Query("a"), default);
        using var cancel = new CancellationTokenSource();
        Task<Place> waiting = line.EnterAsync(Query("a"), cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, line.Waiting);
        Task<Place> next = line.EnterAsync(Query("a"), default).AsTask();
        running.Dispose();
        (await next).Dispose();
    }

    [Fact]
    public async Task A_place_is_given_back_once_however_often_it_is_disposed()
    {
        AdmissionLine line = NewLine(maxActive: 1, maxWaiting: 0);
        Place place = await line.EnterAsync(Query("a"), default);
        place.Dispose();
        place.Dispose();

        using Place again = await line.EnterAsync(Query("a"), default);

        Assert.Equal(1, line.Places);
        await RefusedAsync(line, "a");
    }

    [Fact]
    public async Task A_free_place_goes_to_the_flow_that_was_served_least_and_there_to_who_came_first()
    {
        AdmissionLine line = NewLine(maxActive: 1, maxWaiting: 10);
        Place place = await line.EnterAsync(Query("busy"), default);
        List<string> order = [];
        Task[] all = [.. ((string[])["busy 1", "busy 2", "calm 1", "calm 2"]).Select(async name =>
        {
            Place mine = await line.EnterAsync(Query(name.Split(' ')[0]), default);
            order.Add(name);
            mine.Charge(100);
            mine.Dispose();
        })];

        place.Charge(150);
        place.Dispose();

        await Task.WhenAll(all).WaitAsync(Limit);
        Assert.Equal(["calm 1", "calm 2", "busy 1", "busy 2"], order);
    }

    [Fact]
    public async Task Places_that_come_free_together_are_not_all_given_to_one_flow_because_its_text_is_not_read_yet()
    {
        AdmissionLine line = NewLine(maxActive: 4, maxWaiting: 20);
        Place[] running = [await line.EnterAsync(Query("x"), default), await line.EnterAsync(Query("x"), default), await line.EnterAsync(Query("x"), default), await line.EnterAsync(Query("x"), default)];
        Task<Place>[] a = [.. Enumerable.Range(0, 4).Select(_ => line.EnterAsync(Query("a"), default).AsTask())];
        Task<Place>[] b = [.. Enumerable.Range(0, 4).Select(_ => line.EnterAsync(Query("b"), default).AsTask())];

        foreach (Place place in running) place.Dispose();

        await Task.WhenAll(a[0], a[1], b[0], b[1]).WaitAsync(Limit);
        Assert.Equal((4, 4), (line.Places, line.Waiting));
    }

    [Fact]
    public async Task Injects_take_half_of_the_places_at_most()
    {
        AdmissionLine line = NewLine(maxActive: 4, maxWaiting: 10);
        Task<Place>[] injects = [.. Enumerable.Range(0, 4).Select(_ => line.EnterAsync(new Demand("a", RequestPriority.Normal, 1), default).AsTask())];

        using Place query = await line.EnterAsync(Query("a"), default);

        Assert.Equal(2, injects.Count(t => t.IsCompleted));
        (await injects[0]).Dispose();
        await injects[2].WaitAsync(Limit);
        Assert.Equal((3, 1), (line.Places, line.WaitingOf(RequestPriority.Normal)));
    }

    [Fact]
    public async Task Queries_in_line_go_first_and_background_work_gets_one_place_of_twenty_one()
    {
        AdmissionLine line = NewLine(maxActive: 1, maxWaiting: 300);
        Place place = await line.EnterAsync(Query("a"), default);
        List<RequestPriority> order = [];
        var wants = Enumerable.Repeat(RequestPriority.Background, 42).Concat(Enumerable.Repeat(RequestPriority.Interactive, 200));
        Task[] all = [.. wants.Select(async priority =>
        {
            using Place mine = await line.EnterAsync(new Demand("a", priority, 1), default);
            order.Add(priority);
        })];

        place.Dispose();
        await Task.WhenAll(all).WaitAsync(Limit);

        Assert.Equal(RequestPriority.Interactive, order[0]);
        Assert.InRange(order.Take(170).Count(p => p == RequestPriority.Background), 9, 11);
    }

    [Fact]
    public async Task A_line_full_of_one_flow_makes_room_for_another()
    {
        AdmissionLine line = NewLine(maxActive: 1, maxWaiting: 4);
        Place place = await line.EnterAsync(Query("greedy"), default);
        Task<Place>[] greedy = [.. Enumerable.Range(0, 4).Select(_ => line.EnterAsync(Query("greedy"), default).AsTask())];

        Task<Place>[] modest = [.. Enumerable.Range(0, 2).Select(_ => line.EnterAsync(Query("modest"), default).AsTask())];

        Assert.Equal(ErrorCode.Overloaded, (await Assert.ThrowsAsync<LatentDbException>(() => greedy[3])).Code);
        await Assert.ThrowsAsync<LatentDbException>(() => greedy[2]);
        await RefusedAsync(line, "modest"); // it has its half
        await RefusedAsync(line, "greedy");
        Assert.Equal(4, line.Waiting);
        place.Dispose();
        await Task.WhenAll(modest.Concat(greedy[..2]).Select(async wait => (await wait).Dispose())).WaitAsync(Limit);
        Assert.Equal((0, 0), (line.Places, line.Waiting));
    }

    [Fact]
    public async Task A_closed_line_refuses_who_comes_and_who_waits()
    {
        AdmissionLine line = NewLine(maxActive: 1, maxWaiting: 4);
        Place place = await line.EnterAsync(Query("a"), default);
        Task<Place> waiting = line.EnterAsync(Query("b"), default).AsTask();

        line.Close();

        Assert.Equal(ErrorCode.ShuttingDown, (await Assert.ThrowsAsync<LatentDbException>(() => waiting)).Code);
        Assert.Equal(ErrorCode.ShuttingDown, (await Assert.ThrowsAsync<LatentDbException>(() => line.EnterAsync(Query("a"), default).AsTask())).Code);
        place.Dispose();
        Assert.Equal(0, line.Places);
    }

    [Fact]
    public async Task Accounts_of_flows_that_are_gone_do_not_pile_up()
    {
        AdmissionLine line = NewLine(maxActive: 2, maxWaiting: 4);
        using Place stays = await line.EnterAsync(Query("stays"), default);
        for (int i = 0; i < 20_000; i++)
        {
            using Place place = await line.EnterAsync(Query($"flow {i}"), default);
            place.Charge(i);
        }

        Assert.InRange(line.Flows, 1, 4100);
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public async Task Under_random_coming_and_going_nothing_is_lost_and_no_bound_is_broken(ulong seed)
    {
        var random = new SeededRandom(seed);
        AdmissionLine line = NewLine(maxActive: 5, maxWaiting: 20);
        List<(Task<Place> Task, CancellationTokenSource Cancel)> asked = [];
        for (int i = 0; i < 5000; i++)
        {
            int what = random.NextInt32(10);
            if (what < 5)
            {
                var cancel = new CancellationTokenSource();
                var demand = new Demand($"{random.NextInt32(4)}", (RequestPriority)random.NextInt32(3), random.NextInt32(50));
                asked.Add((EnterAsync(line, demand, cancel.Token), cancel));
            }
            else if (asked.Count > 0)
            {
                int at = random.NextInt32(asked.Count);
                if (what < 7)
                {
                    await asked[at].Cancel.CancelAsync();
                }
                else if (asked[at].Task.IsCompleted)
                {
                    if (asked[at].Task.IsCompletedSuccessfully) (await asked[at].Task).Dispose();
                    asked.RemoveAt(at);
                }
            }

            Assert.InRange(line.Places, 0, 5);
            Assert.InRange(line.Waiting, 0, 20);
        }

        while (asked.Count > 0)
        {
            Task<Place> done = await Task.WhenAny(asked.Select(a => a.Task)).WaitAsync(Limit);
            if (done.IsCompletedSuccessfully) (await done).Dispose();
            asked.RemoveAll(a => a.Task == done);
        }

        Assert.Equal((0, 0, 0), (line.Places, line.Waiting, line.Flows));
    }

    private static async Task<Place> EnterAsync(AdmissionLine line, Demand demand, CancellationToken cancellationToken) => await line.EnterAsync(demand, cancellationToken);

    private static Task<LatentDbException> RefusedAsync(AdmissionLine line, string flow) =>
        Assert.ThrowsAsync<LatentDbException>(() => line.EnterAsync(Query(flow), default).AsTask());

    private static Demand Query(string flow) => new(flow, RequestPriority.Interactive, 10);

    private AdmissionLine NewLine(int maxActive, int maxWaiting) => new(new SchedulerOptions(maxActive, maxWaiting, Layers: 1), _time);
}
