using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Model.Passes;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.ModelHost.Paging;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>Property 27 of the specification, in work and bytes instead of time.</summary>
public sealed class CostTests
{
    private static readonly TinyModelOptions Sizes = TinyModelOptions.MPlus;

    [Fact]
    public async Task A_write_costs_the_same_whatever_the_pool_and_the_bank_hold()
    {
        Work small = await WorkOfWriteAsync(Sizes);
        Work largePool = await WorkOfWriteAsync(Sizes with { Blocks = 60 });
        Work largeBank = await WorkOfWriteAsync(Sizes with { BankRows = 3000 });

        Assert.Equal(small, largePool);
        Assert.Equal(small, largeBank);
    }

    [Fact]
    public async Task A_query_multiplies_the_same_whatever_the_bank_holds()
    {
        Work small = await WorkOfQueryAsync(Sizes);
        Work large = await WorkOfQueryAsync(Sizes with { BankRows = 3000 });

        Assert.Equal(small.Products, large.Products);
        Assert.Equal(small.Retrievals, large.Retrievals);
    }

    // No product has a factor for pool rows: stored K and V are read, not projected again.
    [Fact]
    public async Task A_query_projects_no_memory_row()
    {
        Work small = await WorkOfQueryAsync(Sizes);
        Work large = await WorkOfQueryAsync(Sizes with { Blocks = 17 });

        long attended = 2L * (9 + 9 + 1) * (10 * 8) * 64; // q·k and weights·v of 9 text rows with 10 more blocks; in the last layer of the last row
        Assert.Equal(small.Products + attended, large.Products);
    }

    [Fact]
    public async Task A_write_allocates_at_most_twice_the_bytes_of_its_rows()
    {
        using var host = new TinyHost(Sizes with { HiddenSize = 256, IntermediateSize = 256, Heads = 8, RowsPerWrite = 32, KeyWidth = 16 });
        Manifest genesis = await host.GenesisAsync();
        using PinHandle newest = await host.Pager.PinForWriteAsync(genesis, 32, host.Blocks, default);
        host.Backend.Records = false;
        int[] ids = host.Ids(40);
        BlockId block = host.Blocks.NextBlock();

        long delta = 3L * 32 * 256 * sizeof(float);
        Assert.InRange(AllocatedBytesOfWrite(host, newest, ids, block), 0, 2 * delta);
    }

    private static long AllocatedBytesOfWrite(TinyHost host, PinHandle newest, int[] ids, BlockId block)
    {
        long bytes = 0;
        for (int run = 0; run < 3; run++) // the first runs fill pools of buffers
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            using NewRows rows = host.Write(ids, newest);
            for (int layer = 0; layer < host.Size.L; layer++) _ = host.Model.Encode(block, layer, rows);
            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        return bytes;
    }

    private static async Task<Work> WorkOfWriteAsync(TinyModelOptions options)
    {
        using var host = new TinyHost(options);
        Manifest genesis = await host.GenesisAsync();
        using PinHandle newest = await host.Pager.PinForWriteAsync(genesis, 8, host.Blocks, default);
        BlockId block = host.Blocks.NextBlock();
        host.Backend.Take();
        using NewRows rows = host.Write(host.Ids(20), newest);
        for (int layer = 0; layer < host.Size.L; layer++) _ = host.Model.Encode(block, layer, rows);
        return host.Backend.Take();
    }

    private static async Task<Work> WorkOfQueryAsync(TinyModelOptions options)
    {
        using var host = new TinyHost(options);
        Manifest genesis = await host.GenesisAsync();
        using PinHandle rows = await host.Pager.PinForReadAsync(genesis, host.Blocks, default);
        using ReadSession session = host.Model.NewSession(9, 0);
        host.Backend.Take();
        await host.Model.PrefillAsync(session, rows, new Prompt(host.Ids(9)), null, default);
        return host.Backend.Take();
    }
}
