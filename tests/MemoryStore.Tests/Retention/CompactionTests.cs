using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Retention;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Retention;

/// <summary>Small segments, so that a few injects fill several of them.</summary>
public sealed class CompactionTests : IDisposable
{
    private static readonly LogGeometry Small = new(64 << 10, 256 << 10, 128 << 10);

    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly TestModel _model = new(width: 512);

    public CompactionTests() => _time.Set(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_kept_reads_bit_for_bit_after_compaction_and_after_the_next_opening()
    {
        List<string> before;
        await using (OpenStore store = await OpenAsync())
        {
            MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            for (int i = 1; i <= 40; i++)
            {
                await _model.InjectAsync(bob, i);
                if (i % 7 == 0) await bob.RollBackAsync(VersionSelector.Parse($"{i / 2}"), bob.Summary.Head.Number, WriteOrigin.None, CancellationToken.None);
                if (i == 10) await bob.CreateSnapshotAsync(SnapshotName.Parse("early"), VersionSelector.Head, CancellationToken.None);
            }

            await store.Catalog.ForkAsync(OpenStore.Key("bob"), VersionSelector.Parse("20"), OpenStore.Key("eve"), null, WriteOrigin.None, CancellationToken.None);
            before = await ContentAsync(store, "bob", "eve");
            CompactionReport report = await CompactAsync(store, RetentionPolicy.Forever);

            Assert.Equal(0, report.VersionsDropped);
            Assert.Equal(before, await ContentAsync(store, "bob", "eve"));
        }

        await using OpenStore reopened = await OpenAsync();
        Assert.Equal(before, await ContentAsync(reopened, "bob", "eve"));
    }

    [Fact]
    public async Task Expired_versions_go_and_snapshots_head_and_window_stay()
    {
        await using OpenStore store = await OpenAsync();
        MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        for (int i = 2; i <= 20; i++)
        {
            _time.Set(_time.GetUtcNow().AddDays(1));
            await _model.InjectAsync(bob, i);
        }

        await bob.CreateSnapshotAsync(SnapshotName.Parse("pinned"), VersionSelector.Parse("5"), CancellationToken.None);
        List<string> kept = await VersionsAsync(bob, [5, 13, 14, 15, 16, 17, 18, 19, 20]);

        CompactionReport report = await CompactAsync(store, new RetentionPolicy(TimeSpan.FromDays(6.5), null));

        // Version 13 was the head until 6 days ago.
        Assert.Equal(11, report.VersionsDropped);
        Assert.Equal(kept, await VersionsAsync(bob, [5, 13, 14, 15, 16, 17, 18, 19, 20]));
        Assert.Equal(5, (await bob.ReadAsync(VersionSelector.Parse("pinned"), CancellationToken.None)).Version.Number.Value);
        await Assert.ThrowsAsync<LatentDbException>(() => bob.ReadAsync(VersionSelector.Parse("4"), CancellationToken.None).AsTask());
        Assert.Equal(ErrorCode.VersionExpired, await CodeAsync(bob, "12"));
        Assert.Equal(ErrorCode.VersionExpired, await CodeAsync(bob, "2026-01-03T12:00:00Z"));
        Assert.Equal(5, (await bob.ReadAsync(VersionSelector.Parse("2026-01-05T12:00:00Z"), CancellationToken.None)).Version.Number.Value);
        Assert.Equal(ErrorCode.VersionExpired, await CodeAsync(bob, "2026-01-06T12:00:00Z"));
        Assert.Equal(ErrorCode.VersionNotFound, await CodeAsync(bob, "2025-12-31T12:00:00Z"));
        Assert.Equal(13, (await bob.ReadAsync(VersionSelector.Parse("2026-01-13T12:00:00Z"), CancellationToken.None)).Version.Number.Value);
    }

    [Fact]
    public async Task A_steady_overwrite_keeps_the_files_below_one_and_a_half_times_what_lives()
    {
        await using OpenStore store = await OpenAsync();
        MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        MemoryTimeline still = await _model.CreateAsync(store.Catalog, OpenStore.Key("still"));
        for (int i = 1; i <= 150; i++) await _model.InjectAsync(still, i);
        CompactionReport report = CompactionReport.Empty;
        for (int round = 0; round < 12; round++)
        {
            for (int i = 0; i < 40; i++) await _model.InjectAsync(bob, (round * 40) + i);
            report = await CompactAsync(store, new RetentionPolicy(null, 200));
        }

        Assert.InRange(report.Amplification, 1, 1.5);
        Assert.Equal(0, report.SegmentsKept);
        await ContentAsync(store, "still");
    }

    [Fact]
    public async Task A_fork_outlives_its_erased_source_and_compaction_frees_the_rest()
    {
        List<string> fork;
        await using (OpenStore store = await OpenAsync())
        {
            MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            for (int i = 1; i <= 30; i++) await _model.InjectAsync(bob, i);
            await store.Catalog.ForkAsync(OpenStore.Key("bob"), VersionSelector.Parse("3"), OpenStore.Key("eve"), null, WriteOrigin.None, CancellationToken.None);
            fork = await ContentAsync(store, "eve");

            await store.Catalog.EraseAsync(OpenStore.Key("bob"), CancellationToken.None);
            CompactionReport report = await CompactAsync(store, RetentionPolicy.Forever);

            Assert.True(report.SegmentsDeleted > 2, $"{report}");
            Assert.Equal(fork, await ContentAsync(store, "eve"));
        }

        await using OpenStore reopened = await OpenAsync();
        Assert.Equal(fork, await ContentAsync(reopened, "eve"));
        Assert.Equal(ErrorCode.MemoryNotFound, (await Assert.ThrowsAsync<LatentDbException>(() => reopened.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None))).Code);
    }

    [Fact]
    public async Task Staged_blocks_of_a_running_inject_survive_a_pass()
    {
        await using OpenStore store = await OpenAsync();
        MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        await using AppendTransaction transaction = bob.BeginAppend();
        ManifestDelta delta = await _model.StageAsync(transaction, 1);
        MemoryTimeline eve = await _model.CreateAsync(store.Catalog, OpenStore.Key("eve"));
        for (int i = 1; i <= 30; i++) await _model.InjectAsync(eve, i);
        await store.Catalog.EraseAsync(OpenStore.Key("eve"), CancellationToken.None);

        await CompactAsync(store, RetentionPolicy.Forever);
        await bob.AppendAsync(transaction, new VersionDraft([delta], _model.Fingerprint, 1, 16, null), VersionNumber.First, CancellationToken.None);

        await ContentAsync(store, "bob");
    }

    [Fact]
    public async Task Many_openings_and_a_pass_leave_few_epochs()
    {
        for (int i = 1; i <= 30; i++)
        {
            await using OpenStore store = await OpenAsync();
            if (i == 1) await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            if (i % 2 == 0) await _model.InjectAsync(await store.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None), i);
            if (i == 30) await CompactAsync(store, RetentionPolicy.Forever);
        }

        await using OpenStore last = await OpenAsync();
        Assert.InRange(Directory.GetDirectories(_folder.Combine("shard-0000"), "ep-*").Length, 1, StoreLimits.MaxLooseEpochs + 3);
        await ContentAsync(last, "bob");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_count_of_live_bytes_is_exact_after_any_history(int seed)
    {
        var random = new Random(seed);
        var names = new List<string>();
        OpenStore store = await OpenAsync();
        for (int step = 0; step < 120; step++)
        {
            await StepAsync(store, random, names, step);
            if (random.Next(15) != 0) continue;
            await store.DisposeAsync();
            store = await OpenAsync();
        }

        await store.Shard.ManifestLog.FlushAsync();
        var counted = await UsageCount.CountAsync(store.Shard.Index, store.Shard.Memories, CancellationToken.None);
        Assert.Equal(string.Join('\n', counted), string.Join('\n', store.Shard.Index.Usage.ToArray()));
        await store.DisposeAsync();
    }

    private async Task StepAsync(OpenStore store, Random random, List<string> names, int step)
    {
        string? name = names.Count == 0 ? null : names[random.Next(names.Count)];
        int verb = random.Next(20);
        if (name is null || verb == 0)
        {
            names.Add($"m{step}");
            await _model.CreateAsync(store.Catalog, OpenStore.Key($"m{step}"));
        }
        else if (verb == 1)
        {
            names.Add($"m{step}");
            await store.Catalog.ForkAsync(OpenStore.Key(name), VersionSelector.Head, OpenStore.Key($"m{step}"), null, WriteOrigin.None, CancellationToken.None);
        }
        else if (verb == 2 && names.Count > 1)
        {
            names.Remove(name);
            await store.Catalog.EraseAsync(OpenStore.Key(name), CancellationToken.None);
        }
        else if (verb is 3 or 4)
        {
            CompactionReport report = await CompactAsync(store, new RetentionPolicy(null, random.Next(1, 10)));
            Assert.Equal(0, report.SegmentsKept);
        }
        else
        {
            MemoryTimeline timeline = await store.Catalog.OpenAsync(OpenStore.Key(name), CancellationToken.None);
            if (verb < 8) await timeline.RollBackAsync(VersionSelector.Head, timeline.Summary.Head.Number, WriteOrigin.None, CancellationToken.None);
            else await _model.InjectAsync(timeline, step);
        }
    }

    private Task<OpenStore> OpenAsync() => OpenStore.AtAsync(
        _folder.Path, new ShardSettings { Time = _time, BlockGeometry = Small, ManifestGeometry = Small, FramesBetweenCheckpoints = 20, WritesBetweenImages = 5 });

    private async Task<CompactionReport> CompactAsync(OpenStore store, RetentionPolicy policy)
    {
        using var compactor = new StoreCompactor(() => store.Shards, _ => policy, _time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        return await compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None);
    }

    private static async Task<List<string>> ContentAsync(OpenStore store, params string[] names)
    {
        var content = new List<string>();
        foreach (string name in names)
        {
            MemoryTimeline timeline = await store.Catalog.OpenAsync(OpenStore.Key(name), CancellationToken.None);
            content.AddRange(await StoreContent.ReadEverythingAsync(store.Catalog, timeline));
        }

        return content;
    }

    private static async Task<List<string>> VersionsAsync(MemoryTimeline timeline, long[] numbers)
    {
        var texts = new List<string>();
        foreach (long number in numbers)
        {
            VersionedManifest read = await timeline.ReadAsync(new VersionSelector.NumberSelector(new VersionNumber(number)), CancellationToken.None);
            texts.Add($"{read.Version} {string.Join(';', read.Manifest.Layers.Select(l => string.Join(',', l.Pool.Select(r => $"{read.Manifest.Blocks[r.Block].Id} {r.First} {r.Count}"))))}");
        }

        return texts;
    }

    private static async Task<ErrorCode> CodeAsync(MemoryTimeline timeline, string at) =>
        (await Assert.ThrowsAsync<LatentDbException>(() => timeline.ReadAsync(VersionSelector.Parse(at), CancellationToken.None).AsTask())).Code;
}
