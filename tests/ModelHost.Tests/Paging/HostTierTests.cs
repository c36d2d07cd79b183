using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Paging;
using LatentDb.ModelHost.Tests.Model;

namespace LatentDb.ModelHost.Tests.Paging;

/// <summary>Between the store and a device with memory of its own, a second tier keeps slices as they were read.</summary>
public sealed class HostTierTests : IDisposable
{
    private const int Room = 1000;
    private readonly PagedBlocks _blocks = new();
    private readonly CountingBackend _device;

    public HostTierTests() => _device = new CountingBackend(_blocks.Backend) { SharesHostMemory = false };

    [Fact]
    public async Task What_left_the_device_comes_back_without_the_store()
    {
        using MemoryPager pager = Pager(deviceSlices: 1, hostSlices: Room);
        Manifest[] memories = [await _blocks.ManifestAsync(1), await _blocks.ManifestAsync(1)];
        foreach (Manifest memory in memories) await ReadAsync(pager, memory);
        int reads = _blocks.Store.Reads;

        foreach (Manifest memory in memories) await ReadAsync(pager, memory);

        Assert.Equal(3, pager.Evictions);
        Assert.Equal(reads, _blocks.Store.Reads);
        Assert.Equal(new HostCounts(2 * PagedBlocks.SliceBytes, Slices: 2, Hits: 2, Misses: 2, EvictedBytes: 0), pager.HostCounts);
    }

    [Fact]
    public async Task The_budget_holds_and_what_was_read_longest_ago_leaves()
    {
        using MemoryPager pager = Pager(deviceSlices: 1, hostSlices: 2);
        Manifest a = await _blocks.ManifestAsync(1);
        Manifest b = await _blocks.ManifestAsync(1);
        Manifest c = await _blocks.ManifestAsync(1);
        foreach (Manifest memory in new[] { a, b, a, c }) await ReadAsync(pager, memory);
        int reads = _blocks.Store.Reads;

        await ReadAsync(pager, a);
        Assert.Equal(reads, _blocks.Store.Reads);
        await ReadAsync(pager, b);

        Assert.Equal(reads + 1, _blocks.Store.Reads);
        Assert.Equal(2 * PagedBlocks.SliceBytes, pager.HostCounts.Bytes);
        Assert.Equal(2 * PagedBlocks.SliceBytes, pager.HostCounts.EvictedBytes);
    }

    [Fact]
    public async Task A_device_whose_memory_is_the_machines_keeps_nothing_twice()
    {
        using var pager = new MemoryPager(_blocks.Backend, Geometry, Options(deviceSlices: 1, Room));
        Manifest[] memories = [await _blocks.ManifestAsync(1), await _blocks.ManifestAsync(1)];

        foreach (Manifest memory in memories.Concat(memories)) await ReadAsync(pager, memory);

        Assert.Equal(4, _blocks.Store.Reads);
        Assert.Equal(default, pager.HostCounts);
    }

    [Fact]
    public async Task An_erased_memory_leaves_this_tier_too_and_is_not_kept_by_a_load_under_way()
    {
        using MemoryPager pager = Pager(deviceSlices: 8, hostSlices: Room);
        Manifest early = await _blocks.ManifestAsync(1);
        Manifest late = await _blocks.ManifestAsync(1);
        await ReadAsync(pager, early);
        var reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var erased = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _blocks.Store.BeforeRead = async _ =>
        {
            reading.SetResult();
            await erased.Task;
        };
        using PinHandle pin = await pager.ReserveForReadAsync(late, _blocks.Store, "a", default);
        await reading.Task;

        pager.Forget(late.Blocks[0].Id.Owner);
        erased.SetResult();
        await pin.WhenReadyAsync(0, default);

        Assert.Equal(0, pager.HostCounts.Slices);
        Assert.Equal(0, pager.HostCounts.Bytes);
    }

    public void Dispose() => _blocks.Dispose();

    private static SliceGeometry Geometry => new(PagedBlocks.Width, 0, PagedBlocks.Width, ElementType.F32);

    private static PagerOptions Options(int deviceSlices, int hostSlices) =>
        new(deviceSlices * PagedBlocks.SliceBytes, ConcurrentLoads: 2) { HostBytes = hostSlices * PagedBlocks.SliceBytes };

    private MemoryPager Pager(int deviceSlices, int hostSlices) => new(_device, Geometry, Options(deviceSlices, hostSlices));

    private async Task ReadAsync(MemoryPager pager, Manifest memory)
    {
        using PinHandle rows = await pager.PinForReadAsync(memory, _blocks.Store, default);
        Assert.Equal(PagedBlocks.ExpectedMarks(memory, 0), _blocks.MarksOf(rows, 0));
    }
}
