using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Integrity;
using LatentDb.MemoryStore.Tests.Integrity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Operations;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Timeline;

/// <summary>Accepted writes in the store: durable from acceptance to end, over restarts, checkpoints and compactions.</summary>
public sealed class OperationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_operation_is_there_with_its_texts_after_every_restart_until_its_last_version_ends_it()
    {
        OperationUid uid;
        await using (SmallStore store = await SmallStore.OpenAsync(_folder.Path))
        {
            MemoryTimeline bob = await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            uid = (await bob.Operations.AcceptAsync(Draft("k", "one", "two"), CancellationToken.None)).Operation.Uid;
        }

        for (int item = 0; item < 2; item++)
        {
            await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
            Assert.Equal(OpenStore.Key("bob"), Assert.Single(store.Catalog.ListWaiting()));
            MemoryTimeline bob = await store.TimelineAsync("bob");
            Assert.Equal(uid, bob.Operations.Next()!.Uid);
            Assert.Equal(["one", "two"], (await bob.Operations.ReadAsync(uid, CancellationToken.None))!.Items.Select(i => i.Text));
            await MakeAsync(bob, new OperationStep(uid, item));
            LatentDbException twice = await Assert.ThrowsAsync<LatentDbException>(() => MakeAsync(bob, new OperationStep(uid, item)));
            Assert.Equal(ErrorCode.VersionConflict, twice.Code);
        }

        for (int opening = 0; opening < 2; opening++)
        {
            await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
            WriteOperation operation = (await store.TimelineAsync("bob")).Operations.Get(uid);
            Assert.Equal(OperationStatus.Succeeded, operation.Status);
            Assert.Equal([2L, 3L], operation.Versions.Select(v => v!.Value.Value));
            Assert.Equal("k", operation.Origin.OperationId);
            Assert.Empty(store.Catalog.ListWaiting());
            Assert.True((await store.ScrubAsync()).IsClean);
        }
    }

    [Fact]
    public async Task An_operation_that_waits_survives_compactions_and_one_that_ended_leaves_no_live_bytes()
    {
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        MemoryTimeline bob = await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        OperationUid first = (await bob.Operations.AcceptAsync(Draft(null, new string('a', 20_000)), CancellationToken.None)).Operation.Uid;
        OperationUid second = (await bob.Operations.AcceptAsync(Draft(null, "short"), CancellationToken.None)).Operation.Uid;
        for (int i = 0; i < 60; i++) await bob.RollBackAsync(VersionSelector.Parse("1"), bob.Summary.Head.Number, WriteOrigin.None, CancellationToken.None);

        long deleted = 0;
        for (int pass = 0; pass < 3; pass++) deleted += (await store.Service.Compactor.CompactAsync(isThorough: true, 0, null, CancellationToken.None)).SegmentsDeleted;

        Assert.True(deleted > 0, "no segment was emptied");
        Assert.Equal(20_000, (await bob.Operations.ReadAsync(first, CancellationToken.None))!.Items[0].Text.Length);
        await bob.Operations.CancelAsync(first, CancellationToken.None);
        await bob.Operations.FailAsync(second, new OperationFailure("text_too_short", "Too short.", 0), CancellationToken.None);
        Assert.Null(await bob.Operations.ReadAsync(first, CancellationToken.None));
        Assert.Equal([OperationStatus.Failed, OperationStatus.Cancelled], bob.Operations.List(10, null).Select(o => o.Status));
        Assert.Equal("Too short.", bob.Operations.Get(second).Failure!.Message);
        await store.Service.Compactor.CompactAsync(isThorough: true, 0, null, CancellationToken.None);
        ScrubReport report = await store.ScrubAsync();
        Assert.True(report.IsClean, string.Join('\n', report.Damages));
    }

    [Fact]
    public async Task A_repeated_acceptance_is_the_first_one_and_too_many_are_refused()
    {
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        MemoryTimeline bob = await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        AcceptedOperation first = await bob.Operations.AcceptAsync(Draft("k", "one"), CancellationToken.None);
        AcceptedOperation again = await bob.Operations.AcceptAsync(Draft("k", "one"), CancellationToken.None);
        LatentDbException other = await Assert.ThrowsAsync<LatentDbException>(() => bob.Operations.AcceptAsync(Draft("k", "two"), CancellationToken.None));
        for (int i = 1; i < StoreLimits.MaxPendingOperations; i++) await bob.Operations.AcceptAsync(Draft(null, "one"), CancellationToken.None);
        LatentDbException full = await Assert.ThrowsAsync<LatentDbException>(() => bob.Operations.AcceptAsync(Draft(null, "one"), CancellationToken.None));

        Assert.Equal(first.Operation, again.Operation);
        Assert.True(again.IsReplay);
        Assert.Equal(ErrorCode.IdempotencyMismatch, other.Code);
        Assert.Equal(ErrorCode.Overloaded, full.Code);
    }

    [Fact]
    public async Task An_erasure_takes_pending_operations_along_and_a_fork_does_not_get_them()
    {
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        MemoryTimeline bob = await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        await bob.Operations.AcceptAsync(Draft(null, "one"), CancellationToken.None);
        await store.ForkAsync("bob", "fred");

        Assert.Empty((await store.TimelineAsync("fred")).Operations.List(10, null));
        await store.Catalog.EraseAsync(OpenStore.Key("bob"), CancellationToken.None);

        Assert.Empty(store.Catalog.ListWaiting());
        await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        Assert.Null((await store.TimelineAsync("bob")).Operations.Next());
    }

    [Fact]
    public async Task Only_the_newest_ended_operations_are_kept()
    {
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        MemoryTimeline bob = await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        OperationUid waiting = (await bob.Operations.AcceptAsync(Draft(null, "one"), CancellationToken.None)).Operation.Uid;
        var ended = new List<OperationUid>();
        for (int i = 0; i <= StoreLimits.MaxKeptOperations; i++)
        {
            ended.Add((await bob.Operations.AcceptAsync(Draft(null, "one"), CancellationToken.None)).Operation.Uid);
            await bob.Operations.CancelAsync(ended[^1], CancellationToken.None);
        }

        Assert.Equal(ErrorCode.OperationNotFound, Assert.Throws<LatentDbException>(() => bob.Operations.Get(ended[0])).Code);
        Assert.Equal(OperationStatus.Cancelled, bob.Operations.Get(ended[1]).Status);
        Assert.Equal(OperationStatus.Queued, bob.Operations.Get(waiting).Status);
    }

    private static OperationDraft Draft(string? key, params string[] texts) =>
        new([.. texts.Select(t => new OperationItem(t, 7, null))], texts.Length > 1, null, new WriteOrigin(key, "author") { Digest = RequestDigest.Of(texts) });

    private static async Task MakeAsync(MemoryTimeline timeline, OperationStep step)
    {
        await using AppendTransaction transaction = timeline.BeginAppend();
        var draft = new VersionDraft([await SmallStore.Model.StageAsync(transaction, step.Item)], SmallStore.Model.Fingerprint, 1, Tokens: 16, null) { Step = step };
        await timeline.AppendAsync(transaction, draft, timeline.Summary.Head.Number, CancellationToken.None);
    }
}
