using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Paging;

namespace LatentDb.ModelHost.Tests.Paging;

/// <summary>Rows that will soon be wanted are read ahead, and never at the cost of somebody who waits.</summary>
public sealed class PrefetchTests : IDisposable
{
    private readonly PagedBlocks _blocks = new();

    [Fact]
    public async Task A_pin_of_prefetched_rows_reads_nothing_more()
    {
        using MemoryPager pager = _blocks.Pager(slices: 16);
        Manifest manifest = await _blocks.ManifestAsync(blocks: 2, layers: 2);

        pager.Prefetch(manifest, _blocks.Store, "a");
        using PinHandle rows = await pager.PinForReadAsync(manifest, _blocks.Store, default);

        Assert.Equal(0, rows.Misses);
        Assert.Equal(4, _blocks.Store.Reads);
        Assert.Equal(PagedBlocks.ExpectedMarks(manifest, 1), _blocks.MarksOf(rows, 1));
    }

    [Fact]
    public async Task What_is_wanted_goes_before_what_is_prefetched_and_what_becomes_wanted_goes_with_it()
    {
        using MemoryPager pager = _blocks.Pager(slices: 256);
        Manifest ahead = await _blocks.ManifestAsync(blocks: 1, layers: 48);
        Manifest wanted = await _blocks.ManifestAsync(blocks: 1);
        var first = new TaskCompletionSource();
        var others = new TaskCompletionSource();
        var allWorkersBusy = new TaskCompletionSource();
        List<bool> isWanted = [];
        _blocks.Store.BeforeRead = async address =>
        {
            bool isFirst = address.Layer == 0;
            lock (isWanted)
            {
                isWanted.Add(address.Block == wanted.Blocks[0].Id);
                if (isWanted.Count == 4) allWorkersBusy.SetResult();
            }

            await (isFirst ? first : others).Task;
        };

        pager.Prefetch(ahead, _blocks.Store, "a");
        await allWorkersBusy.Task;
        Task<PinHandle> pin = pager.PinForReadAsync(wanted, _blocks.Store, default).AsTask();
        first.SetResult(); // Of the four loads under way the one that ends makes place for what is wanted; its layer is the first, too.
        (await pin).Dispose();
        lock (isWanted) Assert.Equal(4, isWanted.IndexOf(true));
        others.SetResult();
        using PinHandle rows = await pager.PinForReadAsync(ahead, _blocks.Store, default);

        Assert.Equal(49, _blocks.Store.Reads);
    }

    [Fact]
    public async Task Prefetching_takes_a_part_of_the_budget_only_and_nothing_that_is_in_use()
    {
        using MemoryPager pager = _blocks.Pager(slices: 8);
        using PinHandle held = await pager.PinForReadAsync(await _blocks.ManifestAsync(7), _blocks.Store, default);
        int reads = _blocks.Store.Reads;

        pager.Prefetch(await _blocks.ManifestAsync(2), _blocks.Store, "a");
        pager.Prefetch(await _blocks.ManifestAsync(3), _blocks.Store, "a");

        Assert.Equal(reads, _blocks.Store.Reads);
        Assert.Equal(7 * PagedBlocks.SliceBytes, pager.Counts.BookedBytes);
    }

    [Fact]
    public async Task Nothing_is_prefetched_while_somebody_waits_for_room()
    {
        using MemoryPager pager = _blocks.Pager(slices: 8);
        PinHandle held = await pager.PinForReadAsync(await _blocks.ManifestAsync(7), _blocks.Store, default);
        Task<PinHandle> waiting = pager.PinForReadAsync(await _blocks.ManifestAsync(8), _blocks.Store, default).AsTask();

        pager.Prefetch(await _blocks.ManifestAsync(1), _blocks.Store, "a");

        Assert.Equal(7 * PagedBlocks.SliceBytes, pager.Counts.BookedBytes);
        held.Dispose();
        (await waiting).Dispose();
    }

    [Fact]
    public async Task A_prefetch_that_fails_is_met_by_the_pin_that_tries_again()
    {
        using MemoryPager pager = _blocks.Pager(slices: 8);
        Manifest manifest = await _blocks.ManifestAsync(blocks: 1);
        var failed = new TaskCompletionSource();
        _blocks.Store.BeforeRead = _ =>
        {
            failed.TrySetResult();
            throw new LatentDbException(ErrorCode.DataDamaged, "broken");
        };

        pager.Prefetch(manifest, _blocks.Store, "a");
        await failed.Task;
        await Assert.ThrowsAsync<LatentDbException>(() => pager.PinForReadAsync(manifest, _blocks.Store, default).AsTask());
        _blocks.Store.BeforeRead = _ => ValueTask.CompletedTask;
        (await pager.PinForReadAsync(manifest, _blocks.Store, default)).Dispose();

        Assert.Equal(0, pager.Counts.HeldBytes);
    }

    [Fact]
    public async Task A_prefetch_that_is_given_up_reads_no_more_and_leaves_what_is_wanted_meanwhile()
    {
        using MemoryPager pager = _blocks.Pager(slices: 256);
        Manifest ahead = await _blocks.ManifestAsync(blocks: 1, layers: 48);
        Manifest lastLayer = PagedBlocks.Of([await OneMoreAsync()], layers: 1);
        var gate = new TaskCompletionSource();
        var allWorkersBusy = new TaskCompletionSource();
        int begun = 0;
        _blocks.Store.BeforeRead = async _ =>
        {
            if (Interlocked.Increment(ref begun) == 4) allWorkersBusy.SetResult();
            await gate.Task;
        };
        using var end = new CancellationTokenSource();
        pager.Prefetch(ahead, _blocks.Store, "a", end.Token);
        pager.Prefetch(lastLayer, _blocks.Store, "a", end.Token);
        await allWorkersBusy.Task;
        Task<PinHandle> pin = pager.PinForReadAsync(lastLayer, _blocks.Store, default).AsTask();

        await end.CancelAsync();
        gate.SetResult();
        using PinHandle rows = await pin;

        Assert.Equal(5, _blocks.Store.Reads); // Four that had begun, and the one that is wanted.
        Assert.InRange(pager.Counts.BookedBytes, PagedBlocks.SliceBytes, 5 * PagedBlocks.SliceBytes);
        using PinHandle all = await pager.PinForReadAsync(ahead, _blocks.Store, default);
        Assert.Equal(49, _blocks.Store.Reads);
    }

    public void Dispose() => _blocks.Dispose();

    private async Task<ManifestBlock> OneMoreAsync() => (await _blocks.ManifestAsync(blocks: 1)).Blocks[0];
}
