using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Timeline;

public sealed class TimeTravelTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestModel _model = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_time_names_the_newest_version_at_or_before_it_to_the_tick()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path, new ShardSettings { Time = _time });
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        for (int seed = 1; seed <= 4; seed++)
        {
            if (seed % 2 == 0) _time.Advance(TimeSpan.FromSeconds(1));
            await _model.InjectAsync(timeline, seed);
        }

        foreach (MemoryVersion version in timeline.ListVersions(10, null))
        {
            DateTimeOffset at = version.CommittedAt.ToUtc();
            Assert.Equal(version.Number, await NumberAtAsync(timeline, at));
            if (version.Number != VersionNumber.First) Assert.Equal(version.Number.Value - 1, (await NumberAtAsync(timeline, at.AddTicks(-1))).Value);
        }
    }

    [Fact]
    public async Task A_time_before_the_memory_names_nothing()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path, new ShardSettings { Time = _time });
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(
            () => NumberAtAsync(timeline, timeline.Summary.CreatedAt.ToUtc().AddTicks(-1)));

        Assert.Equal(ErrorCode.VersionNotFound, error.Code);
    }

    [Fact]
    public async Task A_question_about_now_keeps_its_answer_after_the_next_write()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path, new ShardSettings { Time = _time });
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        _time.Advance(TimeSpan.FromSeconds(1));
        DateTimeOffset now = _time.GetUtcNow();
        VersionNumber before = await NumberAtAsync(timeline, now);

        await _model.InjectAsync(timeline, 1);

        Assert.Equal(before, await NumberAtAsync(timeline, now));
    }

    [Fact]
    public async Task Unknown_names_and_numbers_are_refused_each_with_its_code()
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));

        Assert.Equal(ErrorCode.VersionNotFound, (await Refused("2")).Code);
        Assert.Equal(ErrorCode.SnapshotNotFound, (await Refused("nope")).Code);

        Task<LatentDbException> Refused(string at) =>
            Assert.ThrowsAsync<LatentDbException>(async () => await timeline.ReadAsync(VersionSelector.Parse(at), CancellationToken.None));
    }

    [Fact]
    public async Task Readers_at_any_version_see_whole_manifests_while_versions_are_written()
    {
        var expected = new System.Collections.Concurrent.ConcurrentDictionary<long, string>();
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path, new ShardSettings { WritesBetweenImages = 7 });
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        using var done = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 3).Select(seed => Task.Run(() => ReadUntilAsync(seed, done.Token)))];

        for (int seed = 1; seed <= 60; seed++) await _model.InjectAsync(timeline, seed);
        await done.CancelAsync();

        await Task.WhenAll(readers);
        Assert.NotEmpty(expected);

        async Task ReadUntilAsync(int seed, CancellationToken stop)
        {
            var random = new Random(seed);
            while (!stop.IsCancellationRequested)
            {
                long number = random.NextInt64(1, timeline.Summary.Head.Number.Value + 1);
                VersionedManifest read = await timeline.ReadAsync(new VersionSelector.NumberSelector(new VersionNumber(number)), CancellationToken.None);
                Assert.Equal(number, read.Version.Number.Value);
                string text = TestModel.Fingerprinted(read.Manifest.Check());
                Assert.Equal(text, expected.GetOrAdd(number, text));
            }
        }
    }

    private static async Task<VersionNumber> NumberAtAsync(MemoryTimeline timeline, DateTimeOffset at) =>
        (await timeline.ReadAsync(new VersionSelector.TimeSelector(at), CancellationToken.None)).Version.Number;
}
