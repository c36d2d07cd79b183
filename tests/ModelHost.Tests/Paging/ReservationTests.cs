using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Paging;

namespace LatentDb.ModelHost.Tests.Paging;

/// <summary>A pass gets room for all its rows or waits in line for it, and is refused only when waiting could not help.</summary>
public sealed class ReservationTests : IDisposable
{
    private readonly PagedBlocks _blocks = new();

    [Fact]
    public async Task A_pin_that_finds_no_room_waits_until_another_ends()
    {
        using MemoryPager pager = _blocks.Pager(slices: 2);
        PinHandle held = await PinAsync(pager, await _blocks.ManifestAsync(2));
        Manifest wanted = await _blocks.ManifestAsync(2);

        Task<PinHandle> waiting = PinAsync(pager, wanted);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(1, pager.Counts.Waiting);
        held.Dispose();

        using (PinHandle rows = await waiting) Assert.Equal(PagedBlocks.ExpectedMarks(wanted, 0), _blocks.MarksOf(rows, 0));
        Assert.Equal(0, pager.OutstandingPins);
        Assert.Equal(2, pager.Evictions);
    }

    [Fact]
    public async Task Rows_that_can_never_fit_are_refused_at_once_without_a_time_to_retry()
    {
        using MemoryPager pager = _blocks.Pager(slices: 2);
        Manifest tooLarge = await _blocks.ManifestAsync(3);

        var error = await Assert.ThrowsAsync<LatentDbException>(() => PinAsync(pager, tooLarge));

        Assert.Equal(ErrorCode.Overloaded, error.Code);
        Assert.Null(error.RetryAfter);
        Assert.Equal(0, pager.Counts.BookedBytes);
    }

    [Fact]
    public async Task Nothing_is_booked_for_who_waits_so_two_halves_never_block_each_other()
    {
        using MemoryPager pager = _blocks.Pager(slices: 3);
        PinHandle held = await PinAsync(pager, await _blocks.ManifestAsync(2));

        Task<PinHandle> first = PinAsync(pager, await _blocks.ManifestAsync(2));
        Task<PinHandle> second = PinAsync(pager, await _blocks.ManifestAsync(2));

        Assert.Equal(2 * PagedBlocks.SliceBytes, pager.Counts.HeldBytes);
        held.Dispose();
        (await first).Dispose();
        (await second).Dispose();
    }

    [Fact]
    public async Task A_large_memory_is_not_overtaken_by_small_ones_that_would_have_to_be_loaded()
    {
        using MemoryPager pager = _blocks.Pager(slices: 3);
        PinHandle held = await PinAsync(pager, await _blocks.ManifestAsync(2));
        Task<PinHandle> large = PinAsync(pager, await _blocks.ManifestAsync(3));

        Task<PinHandle> small = PinAsync(pager, await _blocks.ManifestAsync(1));
        Assert.False(small.IsCompleted);
        held.Dispose();
        PinHandle served = await large;

        Assert.False(small.IsCompleted);
        served.Dispose();
        (await small).Dispose();
    }

    [Fact]
    public async Task Rows_that_are_resident_are_not_kept_waiting_but_only_so_often()
    {
        using MemoryPager pager = _blocks.Pager(slices: 3, maxWaiting: 200);
        Manifest hot = await _blocks.ManifestAsync(1);
        PinHandle held = await PinAsync(pager, hot);
        Task<PinHandle> large = PinAsync(pager, await _blocks.ManifestAsync(3));

        int overtook = 0;
        List<Task<PinHandle>> again = [];
        for (int i = 0; i < 150; i++)
        {
            again.Add(PinAsync(pager, hot));
            if (again[^1].IsCompleted) overtook++;
        }

        Assert.InRange(overtook, 1, 149);
        held.Dispose();
        foreach (Task<PinHandle> pin in again.Take(overtook)) (await pin).Dispose();
        (await large).Dispose();
        foreach (Task<PinHandle> pin in again.Skip(overtook)) (await pin).Dispose();
        Assert.Equal(0, pager.OutstandingPins);
    }

    [Fact]
    public async Task Who_stops_waiting_leaves_the_line_and_lets_the_next_one_in()
    {
        using MemoryPager pager = _blocks.Pager(slices: 3);
        using PinHandle held = await PinAsync(pager, await _blocks.ManifestAsync(2));
        using var cancel = new CancellationTokenSource();
        Task<PinHandle> large = pager.PinForReadAsync(await _blocks.ManifestAsync(3), _blocks.Store, cancel.Token).AsTask();
        Task<PinHandle> small = PinAsync(pager, await _blocks.ManifestAsync(1));

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await small).Dispose();
        Assert.Equal(0, pager.Counts.Waiting);
    }

    [Fact]
    public async Task A_full_line_refuses_with_a_time_to_retry()
    {
        using MemoryPager pager = _blocks.Pager(slices: 1, maxWaiting: 1);
        PinHandle held = await PinAsync(pager, await _blocks.ManifestAsync(1));
        Task<PinHandle> waiting = PinAsync(pager, await _blocks.ManifestAsync(1));
        Manifest third = await _blocks.ManifestAsync(1);

        var error = await Assert.ThrowsAsync<LatentDbException>(() => PinAsync(pager, third));

        Assert.Equal(ErrorCode.Overloaded, error.Code);
        Assert.NotNull(error.RetryAfter);
        held.Dispose();
        (await waiting).Dispose();
    }

    [Fact]
    public async Task Those_who_wait_when_the_host_closes_are_told()
    {
        MemoryPager pager = _blocks.Pager(slices: 1);
        using PinHandle held = await PinAsync(pager, await _blocks.ManifestAsync(1));
        Task<PinHandle> waiting = PinAsync(pager, await _blocks.ManifestAsync(1));

        pager.Dispose();

        Assert.Equal(ErrorCode.ShuttingDown, (await Assert.ThrowsAsync<LatentDbException>(() => waiting)).Code);
    }

    [Fact]
    public async Task Layers_become_ready_one_after_the_other()
    {
        using MemoryPager pager = _blocks.Pager(slices: 8);
        Manifest manifest = await _blocks.ManifestAsync(blocks: 2, layers: 2);
        var gate = new TaskCompletionSource();
        _blocks.Store.BeforeRead = address => address.Layer == 0 ? ValueTask.CompletedTask : new ValueTask(gate.Task);

        using PinHandle rows = await pager.ReserveForReadAsync(manifest, _blocks.Store, "a", default);
        await rows.WhenReadyAsync(0, default);

        Assert.Equal(PagedBlocks.ExpectedMarks(manifest, 0), _blocks.MarksOf(rows, 0));
        Assert.False(rows.IsReady(1));
        Assert.Throws<InvalidOperationException>(() => _blocks.MarksOf(rows, 1));
        gate.SetResult();
        await rows.WhenReadyAsync(1, default);
        Assert.Equal(PagedBlocks.ExpectedMarks(manifest, 1), _blocks.MarksOf(rows, 1));
    }

    [Fact]
    public async Task A_layer_that_cannot_be_read_says_so_when_it_is_wanted()
    {
        using MemoryPager pager = _blocks.Pager(slices: 8);
        Manifest manifest = await _blocks.ManifestAsync(blocks: 1, layers: 2);
        _blocks.Store.BeforeRead = address => address.Layer == 0 ? ValueTask.CompletedTask : throw new LatentDbException(ErrorCode.DataDamaged, "broken");

        PinHandle rows = await pager.ReserveForReadAsync(manifest, _blocks.Store, "a", default);
        await rows.WhenReadyAsync(0, default);

        Assert.Equal(ErrorCode.DataDamaged, (await Assert.ThrowsAsync<LatentDbException>(() => rows.WhenReadyAsync(1, default).AsTask())).Code);
        rows.Dispose();
        Assert.Equal(0, pager.Counts.HeldBytes);
        Assert.Equal(PagedBlocks.SliceBytes, pager.Counts.BookedBytes);
    }

    [Fact]
    public async Task Loads_that_nobody_waits_for_any_more_are_not_made()
    {
        using MemoryPager pager = _blocks.Pager(slices: 64);
        Manifest manifest = await _blocks.ManifestAsync(blocks: 1, layers: 32);
        var gate = new TaskCompletionSource();
        _blocks.Store.BeforeRead = _ => new ValueTask(gate.Task);
        PinHandle given = await pager.ReserveForReadAsync(manifest, _blocks.Store, "a", default);

        given.Dispose();
        gate.SetResult();
        Manifest other = await _blocks.ManifestAsync(blocks: 1);
        (await PinAsync(pager, other)).Dispose();

        Assert.InRange(_blocks.Store.Reads, 1, 5); // four were under way at most, and the other's one
        Assert.Equal(0, pager.Counts.HeldBytes);
    }

    public void Dispose() => _blocks.Dispose();

    private Task<PinHandle> PinAsync(MemoryPager pager, Manifest manifest) => pager.PinForReadAsync(manifest, _blocks.Store, default).AsTask();
}
