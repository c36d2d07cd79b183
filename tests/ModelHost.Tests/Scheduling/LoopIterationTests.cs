using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Scheduling;

namespace LatentDb.ModelHost.Tests.Scheduling;

/// <summary>What one turn of the loop computes, in which order, and that what one request throws ends no other.</summary>
public sealed class LoopIterationTests
{
    [Fact]
    public async Task A_prompt_computes_piece_by_piece_and_its_answer_token_by_token()
    {
        var loop = new LoopUnderTest();
        var answer = new FakeAnswer(3);
        LoopRequest request = loop.Add(new FakeWork("p", 2, loop.Log), answer);

        loop.Run();
        Assert.Equal(0, answer.Tokens.Count);
        loop.Run();
        Assert.Equal(1, answer.Tokens.Count);
        loop.Run(2);

        Assert.Equal(3, answer.Tokens.Count);
        Assert.Equal([1, 1], loop.Decoder.Batches);
        await request.Task;
        Assert.Equal((1, null), (answer.Ends, answer.EndedBy));
        Assert.Equal(0, loop.Turns.Count);
        Assert.False(loop.Turns.IsBusy);
    }

    [Fact]
    public void All_running_answers_take_a_step_together_and_one_that_comes_joins_at_the_next()
    {
        var loop = new LoopUnderTest();
        loop.Add(new FakeWork("a", 1, loop.Log), new FakeAnswer(4));
        loop.Add(new FakeWork("b", 1, loop.Log), new FakeAnswer(4), "b");

        loop.Run(6);

        // Without running answers a turn is one piece: a's. Then a steps, b's piece follows; b joins; a has its four tokens first.
        Assert.Equal([1, 2, 2, 1], loop.Decoder.Batches);
    }

    [Fact]
    public void Pieces_take_at_most_their_share_of_time_beside_running_answers_and_one_at_the_least()
    {
        var loop = new LoopUnderTest(stepTime: TimeSpan.FromMilliseconds(10));
        var answer = new FakeAnswer(100);
        loop.Add(new FakeWork("prompt", 1, loop.Log), answer);
        loop.Run();
        loop.Log.Clear();
        loop.Add(new FakeWork("long", 1000, loop.Log, cost: 10, loop.Time, TimeSpan.FromMilliseconds(6)), null, "b");

        loop.Run();
        int inFirst = loop.Log.Count;
        loop.Run();

        // Twice the step's 10 ms is 20: three pieces of 6 ms fit once their rate is known, a fourth does not.
        Assert.InRange(inFirst, 1, 4);
        Assert.Equal(3, loop.Log.Count - inFirst);
        loop.Add(new FakeWork("huge", 10, loop.Log, cost: 10, loop.Time, TimeSpan.FromMilliseconds(500)), null, "c");
        int before = loop.Log.Count(n => n == "huge");
        int tokens = answer.Tokens.Count;
        loop.Run(4);
        Assert.Equal(4, answer.Tokens.Count - tokens);
        Assert.True(loop.Log.Count(n => n == "huge") > before, "A piece that is longer than the share still gets its turn.");
    }

    [Fact]
    public void A_prompt_goes_before_an_inject_and_the_inject_gets_its_share_all_the_same()
    {
        var loop = new LoopUnderTest();
        loop.AddWork("inject", 1000, priority: RequestPriority.Normal);
        loop.AddWork("import", 1000, priority: RequestPriority.Background);
        loop.AddWork("query", 1000);

        loop.Run(210);

        Assert.Equal("query", loop.Log[0]);
        Assert.Equal(160, loop.Log.Count(n => n == "query"), 2.0);
        Assert.Equal(40, loop.Log.Count(n => n == "inject"), 2.0);
        Assert.Equal(10, loop.Log.Count(n => n == "import"), 2.0);
        int longest = 0;
        int since = 0;
        foreach (string name in loop.Log)
        {
            since = name == "import" ? 0 : since + 1;
            longest = Math.Max(longest, since);
        }

        Assert.InRange(longest, 1, 21);
    }

    [Fact]
    public void Who_was_idle_has_saved_nothing_up()
    {
        var loop = new LoopUnderTest();
        loop.AddWork("inject", 1000, priority: RequestPriority.Normal);
        loop.Run(500);
        loop.Log.Clear();
        loop.AddWork("query", 1000);

        loop.Run(50);

        // The share of 4 to 1 from the first moment on, not 500 queries first.
        Assert.Equal(10, loop.Log.Count(n => n == "inject"), 2.0);
    }

    [Fact]
    public void Two_flows_share_pieces_equally_however_many_requests_each_has()
    {
        var loop = new LoopUnderTest();
        for (int i = 0; i < 7; i++) loop.AddWork("many", 100_000, flow: "many");
        loop.AddWork("one", 100_000, flow: "one");

        loop.Run(10_000);

        // The quantum lets a flow be 64 row-layers ahead, which is a few pieces of 10.
        Assert.Equal(5000, loop.Log.Count(n => n == "one"), 16.0);
    }

    [Fact]
    public void A_short_prompt_finishes_in_one_go_and_a_long_one_gives_way()
    {
        var loop = new LoopUnderTest();
        loop.AddWork("a", 3);
        loop.AddWork("b", 3);
        loop.AddWork("long", 100);
        loop.Run(106);

        Assert.Equal(["a", "a", "a", "b", "b", "b"], loop.Log[..6]);
        loop.AddWork("longer", 100);
        loop.AddWork("short", 3);
        int at = loop.Log.Count;
        loop.Run(20);
        Assert.InRange(loop.Log.IndexOf("short", at) - at, 0, 8);
    }

    [Fact]
    public async Task A_piece_that_throws_ends_its_request_and_no_other()
    {
        var loop = new LoopUnderTest();
        LoopRequest bad = loop.Add(new FakeWork("bad", 5, loop.Log) { Fault = (2, new InvalidOperationException("no rows")) }, new FakeAnswer(1), "bad");
        LoopRequest worse = loop.Add(new FakeWork("worse", 5, loop.Log) { CostFault = new InvalidOperationException("no cost") }, null, "worse");
        LoopRequest good = loop.AddWork("good", 5);

        loop.Run(20);

        Assert.Equal("no rows", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad.Task)).Message);
        Assert.Equal("no cost", (await Assert.ThrowsAsync<InvalidOperationException>(() => worse.Task)).Message);
        Assert.Equal("no rows", ((FakeAnswer)bad.Sequence!).EndedBy?.Message);
        await good.Task;
    }

    [Fact]
    public async Task A_step_that_one_answer_spoils_is_repeated_for_each_and_ends_that_one_only()
    {
        var loop = new LoopUnderTest();
        FakeAnswer[] answers = [new(5), new(5), new(5)];
        LoopRequest[] requests = [.. answers.Select((a, i) => loop.Add(new FakeWork("p", 1, loop.Log), a, $"{i}"))];
        loop.Run(3);
        answers[1].StepFault = new InvalidOperationException("no page");

        loop.Run(10);

        Assert.Equal("no page", (await Assert.ThrowsAsync<InvalidOperationException>(() => requests[1].Task)).Message);
        await requests[0].Task;
        await requests[2].Task;
        Assert.Equal((5, 5), (answers[0].Tokens.Count, answers[2].Tokens.Count));
    }

    [Fact]
    public async Task A_sampler_or_an_end_that_throws_ends_its_answer_and_no_other()
    {
        var loop = new LoopUnderTest();
        var nan = new FakeAnswer(5) { Fault = (2, new LatentDbException(ErrorCode.Internal, "The logit of token 3 is not a number.")) };
        var end = new FakeAnswer(2) { EndFault = new InvalidOperationException("reader") };
        var good = new FakeAnswer(5);
        LoopRequest[] requests = [.. new[] { nan, end, good }.Select((a, i) => loop.Add(new FakeWork("p", 1, loop.Log), a, $"{i}"))];

        loop.Run(20);

        await Assert.ThrowsAsync<LatentDbException>(() => requests[0].Task);
        await Assert.ThrowsAsync<InvalidOperationException>(() => requests[1].Task);
        await requests[2].Task;
        Assert.Equal((2, 5), (nan.Tokens.Count, good.Tokens.Count));
    }

    [Fact]
    public async Task A_defect_of_the_loop_itself_ends_what_was_computing_and_the_next_request_is_served()
    {
        var clock = new FaultyClock();
        var loop = new LoopUnderTest(clock: clock);
        LoopRequest first = loop.AddWork("first", 5);

        clock.Fails = true;
        loop.Run();
        clock.Fails = false;

        Assert.Equal(ErrorCode.Internal, (await Assert.ThrowsAsync<LatentDbException>(() => first.Task)).Code);
        LoopRequest next = loop.AddWork("next", 2);
        loop.Run(2);
        await next.Task;
    }

    [Fact]
    public async Task A_work_that_waits_lets_others_compute_and_goes_on_when_its_rows_are_there()
    {
        var loop = new LoopUnderTest();
        var rows = new TaskCompletionSource();
        LoopRequest waits = loop.Add(new FakeWork("waits", 2, loop.Log) { Wait = (1, rows.Task) }, null, "w");
        LoopRequest other = loop.AddWork("other", 3);

        loop.Run(10);

        Assert.Equal(["waits", "other", "other", "other"], loop.Log);
        await other.Task;
        Assert.False(loop.Turns.IsBusy);
        rows.SetResult();
        await loop.Woken.Task;
        loop.Run();
        await waits.Task;
    }

    [Fact]
    public async Task Rows_that_cannot_be_had_end_the_request_that_waits_for_them()
    {
        var loop = new LoopUnderTest();
        var rows = new TaskCompletionSource();
        LoopRequest waits = loop.Add(new FakeWork("waits", 2, loop.Log) { Wait = (0, rows.Task) }, new FakeAnswer(1));
        loop.Run(2);

        rows.SetException(new LatentDbException(ErrorCode.DataDamaged, "block 42"));
        loop.Run();

        Assert.Equal(ErrorCode.DataDamaged, (await Assert.ThrowsAsync<LatentDbException>(() => waits.Task)).Code);
        Assert.Equal(0, loop.Turns.Count);
    }

    [Fact]
    public async Task A_cancelled_request_ends_before_its_next_piece_or_step()
    {
        var loop = new LoopUnderTest();
        using var cancel = new CancellationTokenSource();
        LoopRequest piece = loop.Add(new FakeWork("piece", 100, loop.Log), null, "a", token: cancel.Token);
        var answer = new FakeAnswer(100);
        LoopRequest step = loop.Add(new FakeWork("step", 1, loop.Log), answer, "b", token: cancel.Token);
        loop.Run(8);
        (int pieces, int tokens) = (loop.Log.Count, answer.Tokens.Count);

        await cancel.CancelAsync();
        loop.Run();

        Assert.Equal((pieces, tokens), (loop.Log.Count, answer.Tokens.Count));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => piece.Task);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => step.Task);
        Assert.Equal(0, loop.Turns.Count);
    }

    [Fact]
    public async Task The_owner_of_a_cancelled_wait_hears_of_it_when_nothing_writes_into_its_buffers_any_more()
    {
        var loop = new LoopUnderTest();
        using var cancel = new CancellationTokenSource();
        var rows = new TaskCompletionSource();
        LoopRequest waits = loop.Add(new FakeWork("waits", 2, loop.Log) { Wait = (0, rows.Task) }, new FakeAnswer(1), token: cancel.Token);
        loop.Run();

        await cancel.CancelAsync();
        loop.Run();

        Assert.Equal(0, loop.Turns.Count);
        Assert.False(waits.Task.IsCompleted);
        rows.SetResult();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits.Task);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task A_request_can_be_cancelled_inside_any_of_its_own_pieces_and_steps(int at)
    {
        var loop = new LoopUnderTest();
        using var cancel = new CancellationTokenSource();
        int calls = 0;
        void Count()
        {
            if (++calls == at) cancel.Cancel();
        }

        var work = new FakeWork("w", 3, loop.Log) { OnPiece = Count };
        var answer = new FakeAnswer(4) { OnChoose = Count };
        LoopRequest request = loop.Add(work, answer, token: cancel.Token);
        LoopRequest other = loop.AddWork("other", 20);

        loop.Run(60);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.Task);
        Assert.Equal(1, answer.Ends);
        Assert.InRange(calls, at, at + 1); // a prefill's last piece is followed by the first token at once
        await other.Task;
    }

    private sealed class FaultyClock : TimeProvider
    {
        public bool Fails { get; set; }

        public override long GetTimestamp() => Fails ? throw new InvalidOperationException("The clock stands still.") : base.GetTimestamp();
    }
}
