using LatentDb.Grains.Contracts;
using LatentDb.Grains.Tests.Doubles;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Tests.Memories;

/// <summary>Accepted writes and batches: order, exactly once, failure, cancellation, and what happens when they meet other writes.</summary>
public sealed class OperationTests
{
    [Fact]
    public async Task Accepted_writes_are_made_in_the_order_of_their_acceptance()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        List<WriteOperation> accepted = [];
        foreach (string text in new[] { "one", "two", "three" }) accepted.Add((await AcceptAsync(memory, text)).Operation);

        foreach (WriteOperation operation in accepted) Assert.Equal(OperationStatus.Succeeded, (await EndAsync(memory, operation)).Status);

        Assert.Equal("one|two|three", await memory.AskAsync());
        Assert.Equal(4, await memory.HeadAsync());
    }

    [Fact]
    public async Task What_waits_when_the_process_ends_is_made_by_the_next_one_exactly_once()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        var gate = new Gate();
        host.Model.OnInject = (_, token) => gate.PassAsync(token);
        WriteOperation first = (await AcceptAsync(memory, "one")).Operation;
        WriteOperation second = (await AcceptAsync(memory, "two")).Operation;
        await gate.Arrived;
        Assert.Equal(OperationStatus.Running, (await memory.GetOperationAsync(first.Uid, CancellationToken.None)).Status);

        await host.RestartAsync();
        host.Model.OnInject = (_, _) => Task.CompletedTask;
        memory = host.Memory("bob");

        Assert.Equal([2L], (await EndAsync(memory, first)).Versions.Select(v => v!.Value.Value));
        Assert.Equal([3L], (await EndAsync(memory, second)).Versions.Select(v => v!.Value.Value));
        Assert.Equal("one|two", await memory.AskAsync());
    }

    [Fact]
    public async Task Work_at_the_model_is_on_its_tenants_account_and_what_was_accepted_is_less_urgent_than_what_somebody_waits_for()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        List<InjectRequest> injects = [];
        host.Model.OnInject = (request, _) =>
        {
            injects.Add(request);
            return Task.CompletedTask;
        };

        await memory.InjectAsync("one");
        await EndAsync(memory, (await AcceptAsync(memory, "two")).Operation);
        await memory.AskAsync();

        MemorySummary summary = await memory.DescribeAsync(CancellationToken.None);
        Assert.Equal([RequestPriority.Normal, RequestPriority.Background], injects.Select(i => i.Priority));
        Assert.All(injects, i => Assert.Equal(TenantId.Default.Value, i.Flow));
        QueryRequest query = Assert.Single(host.Model.Queries);
        Assert.Equal((TenantId.Default.Value, RequestPriority.Interactive, (MemoryUid?)summary.Uid), (query.Flow, query.Priority, query.Memory));
    }

    [Fact]
    public async Task A_write_that_cannot_be_made_fails_with_its_reason_and_those_behind_it_go_on()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        host.Model.OnInject = (request, _) =>
            request.Text is TextInput.Plain { Text: "bad" } ? throw new LatentDbException(ErrorCode.TextTooShort, "Too short.") : Task.CompletedTask;

        WriteOperation bad = (await AcceptAsync(memory, "bad")).Operation;
        WriteOperation good = (await AcceptAsync(memory, "good")).Operation;

        Assert.Equal(new OperationFailure("text_too_short", "Too short.", 0), (await EndAsync(memory, bad)).Failure);
        Assert.Equal(OperationStatus.Succeeded, (await EndAsync(memory, good)).Status);
        Assert.Equal("good", await memory.AskAsync());
    }

    [Fact]
    public async Task What_passes_is_tried_again()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        int tries = 0;
        host.Model.OnInject = (_, _) => ++tries == 1 ? throw new LatentDbException(ErrorCode.Overloaded, "No room.") : Task.CompletedTask;

        WriteOperation operation = (await AcceptAsync(memory, "one")).Operation;

        Assert.Equal(OperationStatus.Succeeded, (await EndAsync(memory, operation, host)).Status);
        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task A_write_is_called_off_while_it_waits_and_not_once_it_runs()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        var gate = new Gate();
        host.Model.OnInject = (_, token) => gate.PassAsync(token);
        WriteOperation running = (await AcceptAsync(memory, "one")).Operation;
        WriteOperation waiting = (await AcceptAsync(memory, "two")).Operation;
        await gate.Arrived;

        WriteOperation cancelled = await memory.CancelOperationAsync(waiting.Uid, CancellationToken.None);
        LatentDbException refused = await Assert.ThrowsAsync<LatentDbException>(() => memory.CancelOperationAsync(running.Uid, CancellationToken.None));
        gate.Open();

        Assert.Equal(OperationStatus.Cancelled, cancelled.Status);
        Assert.Equal(OperationStatus.Cancelled, (await memory.CancelOperationAsync(waiting.Uid, CancellationToken.None)).Status);
        Assert.Equal(ErrorCode.OperationNotCancellable, refused.Code);
        await EndAsync(memory, running);
        Assert.Equal("one", await memory.AskAsync());
    }

    [Fact]
    public async Task A_write_under_a_key_is_made_once_whether_it_is_asked_for_now_or_later()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        WriteOperation operation = (await AcceptAsync(memory, "one", "k")).Operation;
        await EndAsync(memory, operation);

        InjectResult now = await memory.InjectAsync("one", operation: "k");
        await memory.InjectAsync("two", operation: "later");
        WriteOperation later = await EndAsync(memory, (await AcceptAsync(memory, "two", "later")).Operation);

        Assert.True(now.IsReplay);
        Assert.Equal(new VersionNumber(2), now.Version.Number);
        Assert.Equal([3L], later.Versions.Select(v => v!.Value.Value));
        Assert.Equal(3, await memory.HeadAsync());
    }

    [Fact]
    public async Task An_erasure_ends_the_writes_that_wait()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        var gate = new Gate();
        host.Model.OnInject = (_, token) => gate.PassAsync(token);
        await AcceptAsync(memory, "one");
        await gate.Arrived;
        Task<bool> erase = memory.EraseAsync();
        WriteOperation waiting = (await AcceptAsync(memory, "two")).Operation;
        gate.Open();
        await erase;

        Assert.Equal(ErrorCode.MemoryNotFound, (await Assert.ThrowsAsync<LatentDbException>(() => memory.GetOperationAsync(waiting.Uid, CancellationToken.None))).Code);
        await host.CreateAsync("bob");
        Assert.Equal(string.Empty, await memory.AskAsync());
    }

    [Fact]
    public async Task A_batch_makes_a_version_per_text_and_is_repeated_as_a_whole()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");

        InjectBatchResult first = await memory.InjectBatchAsync(Batch("k", "one", "two", "three"), CancellationToken.None);
        InjectBatchResult again = await memory.InjectBatchAsync(Batch("k", "one", "two", "three"), CancellationToken.None);

        Assert.Equal([2L, 3L, 4L], first.Written.Select(w => w.Version.Number.Value));
        Assert.Equal(first.Written.Select(w => w.Version), again.Written.Select(w => w.Version));
        Assert.True(again.IsReplay);
        foreach (string[] other in new string[][] { ["one", "two"], ["one", "two", "four"], ["two", "one", "three"] })
        {
            LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => memory.InjectBatchAsync(Batch("k", other), CancellationToken.None));
            Assert.Equal(ErrorCode.IdempotencyMismatch, error.Code);
        }

        Assert.Equal(ErrorCode.IdempotencyMismatch, (await Assert.ThrowsAsync<LatentDbException>(() => memory.InjectAsync("one", operation: "k"))).Code);
        Assert.Equal("one|two|three", await memory.AskAsync());
    }

    [Fact]
    public async Task A_batch_stops_at_the_first_failure_and_goes_on_from_there_under_its_key()
    {
        await using GrainHostFixture host = await GrainHostFixture.StartAsync();
        IMemoryGrain memory = await host.CreateAsync("bob");
        bool isFull = true;
        host.Model.OnInject = (request, _) =>
            isFull && request.Text is TextInput.Plain { Text: "two" } ? throw new LatentDbException(ErrorCode.Overloaded, "No room.") : Task.CompletedTask;

        InjectBatchResult first = await memory.InjectBatchAsync(Batch("k", "one", "two", "three"), CancellationToken.None);
        isFull = false;
        WriteOperation rest = await EndAsync(memory, (await memory.AcceptBatchAsync(Batch("k", "one", "two", "three"), CancellationToken.None)).Operation);

        Assert.Single(first.Written);
        Assert.Equal(ErrorCode.Overloaded, first.Failure!.Code);
        Assert.Equal([2L, 3L, 4L], rest.Versions.Select(v => v!.Value.Value));
        Assert.Equal("one|two|three", await memory.AskAsync());
    }

    private static Task<AcceptedOperation> AcceptAsync(IMemoryGrain memory, string text, string? key = null) =>
        memory.AcceptAsync(new InjectCommand(new TextInput.Plain(text), null, null, new WriteOrigin(key, null)), CancellationToken.None);

    private static InjectBatchCommand Batch(string? key, params string[] texts) =>
        new([.. texts.Select(t => new InjectItem(new TextInput.Plain(t), null, null))], null, new WriteOrigin(key, null));

    /// <summary>The operation once it has ended. Time that a test's clock measures is moved on meanwhile.</summary>
    private static async Task<WriteOperation> EndAsync(IMemoryGrain memory, WriteOperation operation, GrainHostFixture? host = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            WriteOperation now = await memory.GetOperationAsync(operation.Uid, limit.Token);
            if (!now.IsPending) return now;
            host?.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, limit.Token);
        }
    }
}
