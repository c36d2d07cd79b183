using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;
using LatentDb.ModelHost.Paging;

namespace LatentDb.ModelHost.Tests.Paging;

/// <summary>Rows come in once, stay while they are pinned, and leave in order of use.</summary>
public sealed class MemoryPagerTests : IDisposable
{
    private const int Rows = 4;
    private const int Width = 8;
    private const long SliceBytes = Rows * Width * 2 * sizeof(float);

    private readonly CpuBackend _backend = new(new CpuBackendOptions { Threads = 1 });
    private readonly InMemoryBlocks _blocks = new();

    [Fact]
    public async Task A_second_pin_of_the_same_version_reads_nothing()
    {
        using MemoryPager pager = Pager(slices: 8);
        Manifest manifest = await ManifestAsync(blocks: 2);
        (await pager.PinForReadAsync(manifest, _blocks, default)).Dispose();
        int reads = _blocks.Reads;

        (await pager.PinForReadAsync(manifest, _blocks, default)).Dispose();

        Assert.Equal(2, reads);
        Assert.Equal(2, _blocks.Reads);
        Assert.Equal(0, pager.OutstandingPins);
    }

    [Fact]
    public async Task Concurrent_pins_of_one_slice_share_one_read()
    {
        using MemoryPager pager = Pager(slices: 8);
        Manifest manifest = await ManifestAsync(blocks: 1);
        var gate = new TaskCompletionSource();
        _blocks.BeforeRead = _ => new ValueTask(gate.Task);

        Task<PinHandle>[] pins = [.. Enumerable.Range(0, 8).Select(_ => pager.PinForReadAsync(manifest, _blocks, default).AsTask())];
        gate.SetResult();
        foreach (PinHandle pin in await Task.WhenAll(pins)) pin.Dispose();

        Assert.Equal(1, _blocks.Reads);
        Assert.Equal(0, pager.OutstandingPins);
    }

    [Fact]
    public async Task The_longest_unused_slice_leaves_first_and_the_budget_holds()
    {
        using MemoryPager pager = Pager(slices: 2);
        Manifest a = await ManifestAsync(blocks: 1);
        Manifest b = await ManifestAsync(blocks: 1);
        Manifest c = await ManifestAsync(blocks: 1);
        foreach (Manifest manifest in new[] { a, b, a, c }) (await pager.PinForReadAsync(manifest, _blocks, default)).Dispose();
        int reads = _blocks.Reads;

        (await pager.PinForReadAsync(a, _blocks, default)).Dispose();
        (await pager.PinForReadAsync(b, _blocks, default)).Dispose();

        Assert.Equal(3, reads);
        Assert.Equal(4, _blocks.Reads); // a was still there, b had left for c
        Assert.Equal(2 * SliceBytes, pager.ResidentBytes);
    }

    [Fact]
    public async Task A_failed_read_reaches_every_waiter_and_the_next_pin_tries_again()
    {
        using MemoryPager pager = Pager(slices: 8);
        Manifest manifest = await ManifestAsync(blocks: 1);
        var gate = new TaskCompletionSource();
        _blocks.BeforeRead = async _ =>
        {
            await gate.Task;
            throw new LatentDbException(ErrorCode.DataDamaged, "broken");
        };
        Task<PinHandle>[] pins = [.. Enumerable.Range(0, 3).Select(_ => pager.PinForReadAsync(manifest, _blocks, default).AsTask())];
        gate.SetResult();
        foreach (Task<PinHandle> pin in pins) Assert.Equal(ErrorCode.DataDamaged, (await Assert.ThrowsAsync<LatentDbException>(() => pin)).Code);
        _blocks.BeforeRead = _ => ValueTask.CompletedTask;

        (await pager.PinForReadAsync(manifest, _blocks, default)).Dispose();

        Assert.Equal(0, pager.OutstandingPins);
    }

    [Fact]
    public async Task A_cancelled_pin_gives_everything_back()
    {
        using MemoryPager pager = Pager(slices: 8);
        Manifest manifest = await ManifestAsync(blocks: 2);
        var gate = new TaskCompletionSource();
        _blocks.BeforeRead = _ => new ValueTask(gate.Task);
        using var cancel = new CancellationTokenSource();
        Task<PinHandle> pin = pager.PinForReadAsync(manifest, _blocks, cancel.Token).AsTask();

        await cancel.CancelAsync();
        gate.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pin);
        Assert.Equal(0, pager.OutstandingPins);
    }

    [Fact]
    public async Task The_pool_is_read_in_rank_order_across_blocks()
    {
        using MemoryPager pager = Pager(slices: 8);
        Manifest two = await ManifestAsync(blocks: 2);
        var layer = new LayerRows([new RowRun(1, 2, 1), new RowRun(0, 1, 2), new RowRun(1, 0, 1)], [], 0);
        Manifest mixed = (two with { Layers = [layer] }).Check();
        using PinHandle rows = await pager.PinForReadAsync(mixed, _blocks, default);
        using DeviceBuffer buffer = _backend.Allocate(2 * 4 * Width);
        MatrixView all = buffer.AsMatrix(8, Width);

        rows.ReadPool(0, all.SliceRows(0, 4), all.SliceRows(4, 4));

        float[] values = new float[8 * Width];
        _backend.Download(all, ElementType.F32, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        float[] firstOfEachKey = [.. Enumerable.Range(0, 4).Select(r => values[r * Width])];
        Assert.Equal([Mark(1, 2), Mark(0, 1), Mark(0, 2), Mark(1, 0)], firstOfEachKey);
    }

    [Fact]
    public async Task Two_hundred_versions_and_many_readers_fit_a_budget_of_three()
    {
        using MemoryPager pager = Pager(slices: 3);
        Manifest[] manifests = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => ManifestAsync(blocks: 1)));
        int wrong = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 3 }, async (i, token) =>
        {
            Manifest manifest = manifests[(i * 7919) % manifests.Length];
            using PinHandle rows = await pager.PinForReadAsync(manifest, _blocks, token);
            using DeviceBuffer buffer = _backend.Allocate(2 * Rows * Width);
            MatrixView all = buffer.AsMatrix(2 * Rows, Width);
            rows.ReadPool(0, all.SliceRows(0, Rows), all.SliceRows(Rows, Rows));
            float[] values = new float[2 * Rows * Width];
            _backend.Download(all, ElementType.F32, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
            if (values[0] != Mark(manifest.Blocks[0].Id.Sequence - 1, 0)) Interlocked.Increment(ref wrong);
        });

        Assert.Equal(0, wrong);
        Assert.Equal(0, pager.OutstandingPins);
        Assert.InRange(pager.ResidentBytes, SliceBytes, 3 * SliceBytes);
    }

    [Fact]
    public async Task The_rows_of_a_forgotten_memory_leave_at_once_and_no_other_rows_do()
    {
        using MemoryPager pager = Pager(slices: 8);
        var others = new InMemoryBlocks();
        Manifest kept = await ManifestAsync(blocks: 1, others);
        Manifest forgotten = await ManifestAsync(blocks: 3);
        (await pager.PinForReadAsync(kept, others, default)).Dispose();
        (await pager.PinForReadAsync(forgotten, _blocks, default)).Dispose();

        pager.Forget(forgotten.Blocks[0].Id.Owner);

        Assert.Equal(SliceBytes, pager.ResidentBytes);
        (await pager.PinForReadAsync(kept, others, default)).Dispose();
        Assert.Equal(1, others.Reads);
        (await pager.PinForReadAsync(forgotten, _blocks, default)).Dispose();
        Assert.Equal(6, _blocks.Reads);
    }

    [Fact]
    public async Task Rows_that_are_in_use_when_their_memory_is_forgotten_leave_with_their_last_pin()
    {
        using MemoryPager pager = Pager(slices: 8);
        Manifest manifest = await ManifestAsync(blocks: 2);
        PinHandle held = await pager.PinForReadAsync(manifest, _blocks, default);

        pager.Forget(manifest.Blocks[0].Id.Owner);
        long during = pager.ResidentBytes;
        held.Dispose();

        Assert.Equal(2 * SliceBytes, during);
        Assert.Equal(0, pager.ResidentBytes);
        Assert.Equal(0, pager.OutstandingPins);
    }

    [Fact]
    public async Task A_load_that_is_on_its_way_when_its_memory_is_forgotten_leaves_nothing_behind()
    {
        using MemoryPager pager = Pager(slices: 8);
        Manifest manifest = await ManifestAsync(blocks: 1);
        var gate = new TaskCompletionSource();
        _blocks.BeforeRead = _ => new ValueTask(gate.Task);
        Task<PinHandle> pin = pager.PinForReadAsync(manifest, _blocks, default).AsTask();

        pager.Forget(manifest.Blocks[0].Id.Owner);
        gate.SetResult();
        (await pin).Dispose();

        Assert.Equal(0, pager.ResidentBytes);
        Assert.Equal(0, pager.OutstandingPins);
    }

    public void Dispose() => _backend.Dispose();

    private MemoryPager Pager(int slices) => new(_backend, new SliceGeometry(Width, 0, Width, ElementType.F32), new PagerOptions(slices * SliceBytes, ConcurrentLoads: 4));

    /// <summary>Every row of K begins with a number that names its block and row.</summary>
    private static float Mark(long block, int row) => (block * 100) + row;

    private Task<Manifest> ManifestAsync(int blocks) => ManifestAsync(blocks, _blocks);

    private static async Task<Manifest> ManifestAsync(int blocks, InMemoryBlocks store)
    {
        var named = ImmutableArray.CreateBuilder<ManifestBlock>();
        for (int i = 0; i < blocks; i++)
        {
            BlockId id = store.NextBlock();
            await store.StageAsync(Slice(id), default);
            named.Add(new ManifestBlock(id, i + 1, Rows));
        }

        var layer = new LayerRows([.. Enumerable.Range(0, blocks).Select(b => new RowRun(b, 0, Rows))], [], 0);
        return new Manifest(named.ToImmutable(), [layer], blocks).Check();
    }

    private static BlockSlice Slice(BlockId id)
    {
        float[] keys = [.. Enumerable.Range(0, Rows).SelectMany(row => Enumerable.Repeat(Mark(id.Sequence - 1, row), Width))];
        byte[] bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(keys.AsSpan()).ToArray();
        SliceTensor Column(SliceColumn column) => new(column, ElementType.F32, Rows, Width, bytes);
        return new BlockSlice(new SliceAddress(id, 0, SlicePart.Read), BlockKind.MemoryRows, [Column(SliceColumn.Key), Column(SliceColumn.Value)]);
    }
}
