using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Retention;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.MemoryStore.Tests.Time;

/// <summary>The wall clock jumps while a store runs, by an hour or by ten years, or stands: stamps and ids go on growing, and nothing is deleted early.</summary>
public sealed class ClockJumpTests : IDisposable
{
    private static readonly RetentionPolicy Month = new(TimeSpan.FromDays(30), null);

    private readonly TempFolder _folder = new();
    private readonly TestModel _model = new();
    private readonly ManualTimeProvider _time = new();

    // The store's own, whose wall clock jumps and which is never advanced: what measures how long the disk takes is not to see days go by.
    private readonly ManualTimeProvider _storeTime = new();

    /// <summary>Hours by which the wall clock jumps.</summary>
    public static TheoryData<int> Jumps => [1, -1, 24 * 3650, -24 * 3650, 0];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task Stamps_numbers_and_blocks_go_on_growing_over_a_jump_and_an_opening(int hours)
    {
        await using (OpenStore store = await OpenAsync())
        {
            MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
            for (int seed = 1; seed <= 3; seed++) await _model.InjectAsync(bob, seed);
            Jump(hours);
            for (int seed = 4; seed <= 6; seed++) await _model.InjectAsync(bob, seed);
        }

        Jump(-hours);
        await using OpenStore again = await OpenAsync();
        MemoryTimeline same = await again.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
        await _model.InjectAsync(same, 7);

        MemoryVersion[] versions = [.. same.ListVersions(20, null).Reverse()];
        Assert.Equal(Enumerable.Range(1, 8).Select(i => (long)i), versions.Select(v => v.Number.Value));
        Assert.All(versions.Zip(versions.Skip(1)), pair => Assert.True(pair.First.CommittedAt < pair.Second.CommittedAt));

        // From the second inject on: before, the block of the genesis memory has a number as high.
        var blocks = new List<BlockId>();
        foreach (MemoryVersion version in versions.Skip(2)) blocks.Add(await NewestBlockAsync(same, version.Number));
        Assert.Equal(blocks.Distinct().OrderBy(id => id.Sequence), blocks);
    }

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task A_question_about_the_past_and_a_page_that_was_begun_keep_their_answers(int hours)
    {
        await using OpenStore store = await OpenAsync();
        MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        for (int seed = 1; seed <= 6; seed++)
        {
            _storeTime.Set(_storeTime.GetUtcNow().AddMinutes(1));
            await _model.InjectAsync(bob, seed);
        }

        var at = new VersionSelector.TimeSelector(_storeTime.GetUtcNow().AddSeconds(-90));
        VersionNumber before = (await bob.ReadAsync(at, CancellationToken.None)).Version.Number;
        VersionNumber cursor = bob.ListVersions(3, null)[^1].Number;
        Jump(hours);
        await _model.InjectAsync(bob, 7);

        Assert.Equal(before, (await bob.ReadAsync(at, CancellationToken.None)).Version.Number);
        Assert.Equal([4, 3, 2, 1], bob.ListVersions(10, cursor).Select(v => v.Number.Value));
    }

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task Retention_deletes_nothing_before_its_time_has_gone_by(int hours)
    {
        await using OpenStore store = await OpenAsync();
        MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        for (int seed = 1; seed <= 4; seed++) await _model.InjectAsync(bob, seed);
        using var compactor = new StoreCompactor(() => store.Shards, _ => Month, _time, NullLogger.Instance);

        Jump(hours);
        Assert.Equal(0, await DroppedAsync(compactor));
        _time.Advance(TimeSpan.FromDays(29));
        Assert.Equal(0, await DroppedAsync(compactor));

        // Where the wall clock runs behind, things are kept longer, and never dropped early.
        _time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(hours < -24 ? 0 : 4, await DroppedAsync(compactor));
    }

    [Fact]
    public async Task What_was_written_while_the_clock_ran_ahead_is_kept_until_the_clock_is_there()
    {
        await using OpenStore store = await OpenAsync();
        MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        Jump(24 * 3650);
        await _model.InjectAsync(bob, 1);
        Jump(-24 * 3650);
        for (int seed = 2; seed <= 4; seed++) await _model.InjectAsync(bob, seed);
        using var compactor = new StoreCompactor(() => store.Shards, _ => Month, _time, NullLogger.Instance);

        _time.Advance(TimeSpan.FromDays(3000));

        Assert.Equal(0, await DroppedAsync(compactor));
    }

    [Fact]
    public void The_clock_of_deletions_is_never_ahead_of_the_time_that_has_gone_by()
    {
        var clock = new SteadyClock(_time);
        DateTimeOffset start = clock.Now;

        Jump(24 * 3650);
        _time.Advance(TimeSpan.FromHours(5));
        Assert.Equal(start.AddHours(5), clock.Now);

        Jump(-24 * 3650 - 2);
        Assert.Equal(start.AddHours(3), clock.Now);
    }

    private Task<OpenStore> OpenAsync() => OpenStore.AtAsync(_folder.Path, new ShardSettings { Time = _storeTime });

    private void Jump(int hours)
    {
        _time.Set(_time.GetUtcNow().AddHours(hours));
        _storeTime.Set(_storeTime.GetUtcNow().AddHours(hours));
    }

    private static async Task<long> DroppedAsync(StoreCompactor compactor) =>
        (await compactor.CompactAsync(isThorough: true, bytesPerSecond: 0, progress: null, CancellationToken.None)).VersionsDropped;

    private static async Task<BlockId> NewestBlockAsync(MemoryTimeline timeline, VersionNumber number)
    {
        VersionedManifest read = await timeline.ReadAsync(new VersionSelector.NumberSelector(number), CancellationToken.None);
        return read.Manifest.Blocks.Select(block => block.Id).MaxBy(id => id.Sequence);
    }
}
