using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Paging;

namespace LatentDb.ModelHost.Tests.Paging;

/// <summary>What an inject has just written becomes resident as it is, and whoever reads it next finds it there.</summary>
public sealed class OfferedSlicesTests : IDisposable
{
    private readonly PagedBlocks _blocks = new();

    [Fact]
    public async Task A_pin_after_an_offer_reads_nothing_and_gives_all_of_it_back()
    {
        using MemoryPager pager = _blocks.Pager(slices: 3, loads: 1);
        Manifest manifest = await _blocks.ManifestAsync(2);
        foreach (BlockSlice slice in SlicesOf(manifest)) pager.Offer(slice);

        for (int time = 0; time < 3; time++)
        {
            using PinHandle rows = await pager.PinForReadAsync(manifest, _blocks.Store, CancellationToken.None);
            await rows.WhenReadyAsync(0, CancellationToken.None);
            Assert.Equal(PagedBlocks.ExpectedMarks(manifest, 0), _blocks.MarksOf(rows, 0));
            Assert.Equal(2 * PagedBlocks.SliceBytes, pager.Counts.HeldBytes);
        }

        // Loads are made one by one in the order of asking: when this one is there, no other one is on its way.
        Task<PinHandle> last = pager.PinForReadAsync(await _blocks.ManifestAsync(1), _blocks.Store, CancellationToken.None).AsTask();
        (await last.WaitAsync(TimeSpan.FromSeconds(60))).Dispose();
        Assert.Equal(1, _blocks.Store.Reads);
        Assert.Equal(0, pager.Counts.HeldBytes);
        Assert.Equal(0, pager.OutstandingPins);
    }

    [Fact]
    public async Task A_second_offer_of_a_slice_and_one_without_room_change_nothing()
    {
        using MemoryPager pager = _blocks.Pager(slices: 1);
        Manifest manifest = await _blocks.ManifestAsync(1);
        BlockSlice slice = SlicesOf(manifest).Single();
        pager.Offer(slice);
        pager.Offer(slice);
        using PinHandle held = await pager.PinForReadAsync(manifest, _blocks.Store, CancellationToken.None);

        pager.Offer(SlicesOf(await _blocks.ManifestAsync(1)).Single());

        Assert.Equal(PagedBlocks.SliceBytes, pager.Counts.BookedBytes);
        Assert.Equal(0, pager.Evictions);
    }

    public void Dispose() => _blocks.Dispose();

    private IEnumerable<BlockSlice> SlicesOf(Manifest manifest) => manifest.Blocks.SelectMany(block => _blocks.Store.SlicesOf(block.Id));
}
