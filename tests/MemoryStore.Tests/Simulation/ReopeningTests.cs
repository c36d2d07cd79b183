using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>A shard that could not write writes again in the same process, once the disk does.</summary>
public sealed class ReopeningTests : IDisposable
{
    private const long Reserve = 1 << 20;

    private readonly SimulatedStore _store = new();
    private readonly SimulatedDisk _disk = new();
    private readonly ManualTimeProvider _time = new();
    private readonly TestModel _model = new(width: 4096);

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task After_a_fault_has_passed_writes_go_on_and_nothing_acknowledged_is_lost()
    {
        await using OpenStore open = await OpenAsync();
        MemoryTimeline timeline = await _model.CreateAsync(open.Catalog, OpenStore.Key("bob"));
        await _model.InjectAsync(timeline, 1);
        _disk.Faults.FailAt = _disk.Faults.Seen;

        Assert.Equal(ErrorCode.StoreUnavailable, (await Assert.ThrowsAsync<LatentDbException>(() => _model.InjectAsync(timeline, 2))).Code);
        LatentDbException later = await Assert.ThrowsAsync<LatentDbException>(() => _model.InjectAsync(timeline, 2));
        Assert.NotNull(later.RetryAfter);
        Assert.False(timeline.IsCurrent);
        Assert.Equal(2, (await timeline.ReadAsync(VersionSelector.Head, CancellationToken.None)).Version.Number.Value);

        await ReopenedAsync(open);
        MemoryTimeline again = await open.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
        long head = again.Summary.Head.Number.Value;
        Assert.InRange(head, 2, 3);
        Assert.Equal(head + 1, (await _model.InjectAsync(again, 3)).Number.Value);
        Assert.Equal(2, (await timeline.ReadAsync(VersionSelector.Head, CancellationToken.None)).Version.Number.Value);
    }

    [Fact]
    public async Task A_fault_that_lasts_is_tried_again_at_growing_pauses_until_it_has_passed()
    {
        await using OpenStore open = await OpenAsync();
        MemoryTimeline timeline = await _model.CreateAsync(open.Catalog, OpenStore.Key("bob"));
        (_disk.Faults.FailAt, _disk.Faults.IsLasting) = (_disk.Faults.Seen, true);
        await Assert.ThrowsAsync<LatentDbException>(() => _model.InjectAsync(timeline, 1));
        long seen = _disk.Faults.Seen;
        while (_disk.Faults.Seen < seen + 3) await TickAsync();
        Assert.NotNull(open.Shard.Failure);

        _disk.Faults.FailAt = null;
        await ReopenedAsync(open);
        await _model.InjectAsync(await open.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None), 2);
    }

    [Fact]
    public async Task On_a_full_disk_memories_can_be_erased_and_writes_go_on_when_space_is_freed()
    {
        await using OpenStore open = await OpenAsync(Reserve);
        MemoryTimeline timeline = await _model.CreateAsync(open.Catalog, OpenStore.Key("bob"));
        await _model.InjectAsync(timeline, 1);
        await FillAsync(open, timeline);
        await ReopenedAsync(open);
        Assert.Equal(-1, _disk.LengthOf(Path.Combine(_store.Root, "ballast")));

        MemoryTimeline again = await open.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
        Assert.Equal(ErrorCode.StoreFull, Assert.Throws<LatentDbException>(() => again.BeginAppend()).Code);
        await again.RollBackAsync(VersionSelector.Head, again.Summary.Head.Number, WriteOrigin.None, CancellationToken.None);
        await open.Catalog.EraseAsync(OpenStore.Key("bob"), CancellationToken.None);
        Assert.Null(open.Shard.Failure);

        _disk.Faults.Capacity *= 2;
        _time.Advance(TimeSpan.FromSeconds(2));
        MemoryTimeline next = await _model.CreateAsync(open.Catalog, OpenStore.Key("eve"));
        await _model.InjectAsync(next, 2);
        Assert.Equal(Reserve, _disk.LengthOf(Path.Combine(_store.Root, "ballast")));
    }

    [Fact]
    public async Task A_shard_that_another_owner_has_taken_is_not_taken_back()
    {
        await using OpenStore open = await OpenAsync();
        MemoryTimeline timeline = await _model.CreateAsync(open.Catalog, OpenStore.Key("bob"));
        Shard before = open.Shard;
        var layout = new ShardLayout(_disk, Path.Combine(_store.Root, "shard-0000"));
        layout.States.Advance(layout.States.Read()!, before.Epoch.Next(), before.Epoch);

        Assert.Equal(ErrorCode.StaleOwner, (await Assert.ThrowsAsync<LatentDbException>(() => _model.InjectAsync(timeline, 1))).Code);
        for (int i = 0; i < 50; i++) await TickAsync();
        Assert.Same(before, open.Shard);
    }

    private Task<OpenStore> OpenAsync(long reserve = 0) =>
        _store.OpenAsync(_disk, SimulatedStore.Settings(_disk) with { Time = _time, ReserveBytes = reserve }, shards: 1);

    /// <summary>Somebody else takes all that is left, so that also a small record does not fit.</summary>
    private async Task FillAsync(OpenStore open, MemoryTimeline timeline)
    {
        _disk.Faults.Capacity = _disk.UsedBytes;
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(ErrorCode.StoreFull, Assert.Throws<LatentDbException>(() => timeline.BeginAppend()).Code);
        Assert.Null(open.Shard.Failure);
        for (int i = 0; open.Shard.Failure is null; i++)
        {
            Assert.True(i < 1000, "the disk was not full");
            LatentDbException? error = await Record.ExceptionAsync(() => timeline.RollBackAsync(
                VersionSelector.Head, timeline.Summary.Head.Number, WriteOrigin.None, CancellationToken.None)) as LatentDbException;
            Assert.True(error is null || error.Code == ErrorCode.StoreFull, $"{error?.Code}");
        }
    }

    private async Task ReopenedAsync(OpenStore open)
    {
        while (open.Shard.Failure is not null) await TickAsync();
    }

    /// <summary>Lets time go on slowly enough that an opening under way does not look as if its disk hung.</summary>
    private async Task TickAsync()
    {
        _time.Advance(StoreLimits.MinReopenPause / 10);
        await Task.Delay(20);
    }
}
