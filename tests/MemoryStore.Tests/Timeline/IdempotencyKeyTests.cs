using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Retention;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Integrity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Timeline;

/// <summary>Writes under an idempotency key: known in the same commit as the write, after restarts, checkpoints and retention.</summary>
public sealed class IdempotencyKeyTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestModel _model = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    public async Task Every_verb_is_remembered_over_a_restart_with_and_without_a_checkpoint(int framesBetweenCheckpoints)
    {
        var settings = new ShardSettings { FramesBetweenCheckpoints = framesBetweenCheckpoints };
        Snapshot snapshot;
        await using (OpenStore store = await OpenStore.AtAsync(_folder.Path, settings))
        {
            await store.Catalog.EnsureGenesisAsync(OpenStore.Key("bob"), _model.Fingerprint, _model.WriteGenesisAsync, CancellationToken.None);
            MemoryTimeline bob = await store.Catalog.CreateAsync(OpenStore.Key("bob"), _model.Fingerprint, null, Under("create"), CancellationToken.None);
            await _model.InjectAsync(bob, 1, "inject");
            await bob.RollBackAsync(VersionSelector.Parse("1"), bob.Summary.Head.Number, Under("rollback"), CancellationToken.None);
            snapshot = await bob.CreateSnapshotAsync(SnapshotName.Parse("s"), VersionSelector.Parse("2"), Under("snapshot"), CancellationToken.None);
            await bob.DeleteSnapshotAsync(SnapshotName.Parse("s"), Under("delete"), CancellationToken.None);
            await store.Catalog.ForkAsync(OpenStore.Key("bob"), VersionSelector.Head, OpenStore.Key("fred"), null, Under("fork"), CancellationToken.None);
            await store.Catalog.ForkAsync(OpenStore.Key("bob"), VersionSelector.Head, OpenStore.Key("eve"), null, WriteOrigin.None, CancellationToken.None);
            Assert.False(await store.Catalog.EraseAsync(OpenStore.Key("eve"), Under("erase"), CancellationToken.None));
        }

        for (int opening = 0; opening < 2; opening++)
        {
            await using OpenStore store = await OpenStore.AtAsync(_folder.Path, settings);
            MemoryTimeline bob = await store.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
            MemoryTimeline fred = await store.Catalog.OpenAsync(OpenStore.Key("fred"), CancellationToken.None);

            Assert.Equal(1, bob.FindWrite(Under("create"), WriteVerb.Create)!.Version.Value);
            Assert.Equal(2, (await _model.InjectAsync(bob, 1, "inject")).Number.Value);
            Assert.Equal(3, (await bob.RollBackAsync(VersionSelector.Parse("1"), VersionNumber.First, Under("rollback"), CancellationToken.None)).Number.Value);
            Assert.Equal(snapshot, await bob.CreateSnapshotAsync(SnapshotName.Parse("s"), VersionSelector.Parse("2"), Under("snapshot"), CancellationToken.None));
            await bob.DeleteSnapshotAsync(SnapshotName.Parse("s"), Under("delete"), CancellationToken.None);
            Assert.NotNull(fred.FindWrite(Under("fork"), WriteVerb.Fork));
            Assert.True(await store.Catalog.EraseAsync(OpenStore.Key("eve"), Under("erase"), CancellationToken.None));
            Assert.Equal(3, bob.Summary.Head.Number.Value);
            Assert.Empty(bob.ListSnapshots());
        }
    }

    [Fact]
    public async Task Another_verb_or_another_request_under_the_same_key_is_refused()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        WriteOrigin origin = Under("k") with { Digest = RequestDigest.Of("a") };
        await bob.CreateSnapshotAsync(SnapshotName.Parse("s"), VersionSelector.Head, origin, CancellationToken.None);

        await RefusedAsync(() => bob.CreateSnapshotAsync(SnapshotName.Parse("s"), VersionSelector.Head, origin with { Digest = RequestDigest.Of("b") }, CancellationToken.None));
        await RefusedAsync(() => bob.DeleteSnapshotAsync(SnapshotName.Parse("s"), origin, CancellationToken.None));
        await RefusedAsync(() => _model.InjectAsync(bob, 1, "k"));
        await RefusedAsync(() => bob.RollBackAsync(VersionSelector.Head, VersionNumber.First, origin, CancellationToken.None));
    }

    [Fact]
    public async Task A_write_whose_version_retention_has_dropped_is_not_made_again()
    {
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        MemoryTimeline bob = await SmallStore.Model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        await SmallStore.Model.InjectAsync(bob, 1, "first");
        for (int seed = 2; seed < 6; seed++) await SmallStore.Model.InjectAsync(bob, seed);
        var compactor = new ShardCompactor(store.Shard, _ => new RetentionPolicy(null, 1), new Throttle(0, TimeProvider.System), new SteadyClock(TimeProvider.System), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await compactor.RunAsync(0, isThorough: true, progress: null, CancellationToken.None);

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => SmallStore.Model.InjectAsync(bob, 1, "first"));

        Assert.Equal(ErrorCode.VersionExpired, error.Code);
        Assert.Equal(6, bob.Summary.Head.Number.Value);
    }

    [Fact]
    public async Task Only_the_newest_keys_are_remembered_beyond_those_of_kept_versions()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        for (int i = 0; i <= StoreLimits.MaxRememberedKeys; i++)
        {
            await bob.CreateSnapshotAsync(SnapshotName.Parse("s"), VersionSelector.Head, Under($"c{i}"), CancellationToken.None);
            await bob.DeleteSnapshotAsync(SnapshotName.Parse("s"), CancellationToken.None);
        }

        Assert.Null(bob.FindWrite(Under("c0"), WriteVerb.CreateSnapshot));
        Assert.NotNull(bob.FindWrite(Under("c1"), WriteVerb.CreateSnapshot));
    }

    private static WriteOrigin Under(string key) => new(key, null);

    private static async Task RefusedAsync(Func<Task> write) =>
        Assert.Equal(ErrorCode.IdempotencyMismatch, (await Assert.ThrowsAsync<LatentDbException>(write)).Code);
}
