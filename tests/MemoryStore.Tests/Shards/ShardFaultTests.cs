using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Shards;

public sealed class ShardFaultTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestModel _model = new();
    private readonly LogFaults _faults = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_full_disk_fails_the_write_and_all_later_ones_while_reads_go_on()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path, new ShardSettings { CreateLog = _faults.Creator });
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        await _model.InjectAsync(timeline, 1);
        _faults.Error = ErrorCode.StoreFull;

        Assert.Equal(ErrorCode.StoreFull, (await Assert.ThrowsAsync<LatentDbException>(() => _model.InjectAsync(timeline, 2))).Code);
        _faults.Error = null;
        Assert.Equal(ErrorCode.StoreFull, (await Assert.ThrowsAsync<LatentDbException>(() => _model.InjectAsync(timeline, 3))).Code);

        Assert.NotNull(store.Shard.Failure);
        Assert.Equal(new VersionNumber(2), (await timeline.ReadAsync(VersionSelector.Head, CancellationToken.None)).Version.Number);
        Assert.Equal(new VersionNumber(2), (await timeline.ReadAsync(VersionSelector.Parse("2999-01-01T00:00:00Z"), CancellationToken.None)).Version.Number);
    }

    [Fact]
    public async Task After_a_failure_a_new_opening_has_everything_that_was_acknowledged()
    {
        await using (OpenStore store = await OpenStore.AtAsync(_folder.Path, new ShardSettings { CreateLog = _faults.Creator }))
        {
            MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            await _model.InjectAsync(timeline, 1);
            _faults.Error = ErrorCode.StoreUnavailable;
            await Assert.ThrowsAsync<LatentDbException>(() => _model.InjectAsync(timeline, 2));
        }

        await using OpenStore reopened = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline again = await reopened.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
        Assert.Equal(new VersionNumber(2), again.Summary.Head.Number);
        Assert.Equal(new VersionNumber(3), (await _model.InjectAsync(again, 3)).Number);
    }

    [Fact]
    public async Task Failing_at_any_append_leaves_a_store_that_opens_with_every_acknowledged_version()
    {
        for (int appends = 0; appends < 14; appends++)
        {
            string folder = _folder.Combine($"n{appends}");
            var faults = new LogFaults();
            int acknowledged = 0;
            await using (OpenStore store = await OpenStore.AtAsync(folder, new ShardSettings { CreateLog = faults.Creator }))
            {
                MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
                faults.AppendsLeft = appends;
                LatentDbException? error = null;
                for (int seed = 1; error is null; seed++)
                {
                    error = await Record.ExceptionAsync(() => _model.InjectAsync(timeline, seed)) as LatentDbException;
                    if (error is null) acknowledged++;
                    Assert.True(acknowledged < 10, "no append failed");
                }

                Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
            }

            await using OpenStore reopened = await OpenStore.AtAsync(folder);
            MemoryTimeline again = await reopened.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
            Assert.Equal(acknowledged + 1, again.Summary.Head.Number.Value);
            await StoreContent.ReadEverythingAsync(reopened.Catalog, again);
        }
    }

    [Fact]
    public async Task A_commit_that_hangs_is_an_error_after_ten_seconds()
    {
        var time = new ManualTimeProvider();
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path, new ShardSettings { CreateLog = _faults.Creator, Time = time });
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        _faults.IsHanging = true;

        Task<MemoryVersion> write = timeline.RollBackAsync(VersionSelector.Head, VersionNumber.First, WriteOrigin.None, CancellationToken.None);
        await _faults.Hung.Task;
        while (!write.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(11));
            await Task.Yield();
        }

        Assert.Equal(ErrorCode.StoreUnavailable, (await Assert.ThrowsAsync<LatentDbException>(() => write)).Code);
    }

    [Fact]
    public async Task A_shard_that_is_open_is_refused_naming_its_holder()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => OpenStore.AtAsync(_folder.Path));

        Assert.Equal(ErrorCode.ShardLocked, error.Code);
        Assert.Contains($"pid {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_owner_whose_epoch_was_followed_commits_nothing()
    {
        await using OpenStore stale = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline timeline = await _model.CreateAsync(stale.Catalog, OpenStore.Key("bob"));
        await _model.InjectAsync(timeline, 1);
        File.Delete(_folder.Combine("shard-0000", "lock"));

        await using OpenStore owner = await OpenStore.AtAsync(_folder.Path);
        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => _model.InjectAsync(timeline, 2));

        Assert.Equal(ErrorCode.StaleOwner, error.Code);
        Assert.Equal(new VersionNumber(2), (await owner.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None)).Summary.Head.Number);
        Assert.Equal(new VersionNumber(2), timeline.Summary.Head.Number);
    }

    [Fact]
    public async Task Every_opening_raises_the_epoch_and_writes_files_of_its_own()
    {
        var written = new List<string>();
        for (int i = 1; i <= 3; i++)
        {
            await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
            Assert.Equal(new Epoch(i), store.Shard.Epoch);
            await _model.CreateAsync(store.Catalog, OpenStore.Key($"m{i}"));
            string older = string.Join(',', Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories)
                .Where(f => f.Contains("ep-", StringComparison.Ordinal) && !f.Contains($"ep-{i:D10}", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal).Select(f => $"{f}:{Checksum.Crc32C(File.ReadAllBytes(f))}"));
            if (i == 3) Assert.StartsWith(written[^1], older, StringComparison.Ordinal);
            if (i == 2) written.Add(older);
        }
    }

    [Fact]
    public async Task Stamps_go_on_growing_when_the_wall_clock_was_set_back_between_two_openings()
    {
        var time = new ManualTimeProvider();
        var settings = new ShardSettings { Time = time };
        MemoryVersion before;
        await using (OpenStore store = await OpenStore.AtAsync(_folder.Path, settings))
        {
            before = await _model.InjectAsync(await _model.CreateAsync(store.Catalog, OpenStore.Key("bob")), 1);
        }

        time.Set(time.GetUtcNow() - TimeSpan.FromDays(3650));
        await using OpenStore reopened = await OpenStore.AtAsync(_folder.Path, settings);
        MemoryVersion after = await _model.InjectAsync(await reopened.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None), 2);
        Assert.True(after.CommittedAt > before.CommittedAt);
    }

    [Fact]
    public async Task Many_openings_leave_all_content()
    {
        for (int i = 1; i <= 60; i++)
        {
            await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
            if (i == 1) await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            if (i % 2 == 0) await _model.InjectAsync(await store.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None), i);
        }

        await using OpenStore last = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline timeline = await last.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
        Assert.Equal(31, timeline.Summary.Head.Number.Value);
        await StoreContent.ReadEverythingAsync(last.Catalog, timeline);
    }
}
