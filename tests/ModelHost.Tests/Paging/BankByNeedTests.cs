using System.Collections.Immutable;
using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;
using LatentDb.ModelHost.Paging;

namespace LatentDb.ModelHost.Tests.Paging;

/// <summary>A bank that is too large to be resident keeps its retrieval keys there, and the rows that are chosen are read when they are.</summary>
public sealed class BankByNeedTests : IDisposable
{
    private const int Rows = 8;
    private const int KvWidth = 16;
    private const int KeySize = 2;
    private const int Blocks = 20;
    private static readonly SliceGeometry Geometry = new(KvWidth, KeySize, KvWidth, ElementType.F32);

    private readonly CpuBackend _backend = new(new CpuBackendOptions { Threads = 1 });
    private readonly InMemoryBlocks _store = new();

    [Fact]
    public async Task Chosen_rows_are_the_same_as_with_the_whole_bank_resident()
    {
        Manifest manifest = await ManifestAsync();
        int[] chosen = [3, 159, 0, 77, 78, 3, 151];
        long whole = PinPlan.ForRead(manifest, Geometry, long.MaxValue).Bytes;
        using MemoryPager roomy = Pager(2 * whole);
        using MemoryPager tight = Pager(whole);

        float[] resident = await ChosenAsync(roomy, manifest, chosen);
        int readsBefore = _store.Reads;
        float[] fetched = await ChosenAsync(tight, manifest, chosen);

        Assert.Equal(resident, fetched);
        Assert.Equal(Blocks + 3, _store.Reads - readsBefore); // every block for its keys, and the three that hold chosen rows outside of the pool
        Assert.InRange(tight.Counts.BookedBytes, 1, whole / 2);
        Assert.Equal(0, tight.OutstandingPins);
    }

    [Fact]
    public async Task A_bank_larger_than_the_budget_can_be_read()
    {
        Manifest manifest = await ManifestAsync();
        long whole = PinPlan.ForRead(manifest, Geometry, long.MaxValue).Bytes;
        using MemoryPager pager = Pager(whole / 4);

        using PinHandle rows = await pager.PinForReadAsync(manifest, _store, default);

        Assert.Equal(Mark(7, 5), FirstOf(rows.BlockKeys(0, 7).SliceRows(5, 1)));
        Assert.InRange(pager.Counts.BookedBytes, 1, whole / 4);
    }

    [Fact]
    public async Task A_fetch_that_is_cancelled_reads_no_more()
    {
        Manifest manifest = await ManifestAsync();
        using MemoryPager pager = Pager(PinPlan.ForRead(manifest, Geometry, long.MaxValue).Bytes);
        using PinHandle rows = await pager.PinForReadAsync(manifest, _store, default);
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rows.FetchBankAsync(0, (int[])[3, 159], cancel.Token).AsTask());
    }

    public void Dispose() => _backend.Dispose();

    private MemoryPager Pager(long bytes) => new(_backend, Geometry, new PagerOptions(bytes, ConcurrentLoads: 4));

    private static float Mark(int block, int row) => (block * 100) + row;

    /// <summary>All rows of twenty blocks are the bank; the last block is the pool as well.</summary>
    private async Task<Manifest> ManifestAsync()
    {
        var named = ImmutableArray.CreateBuilder<ManifestBlock>();
        for (int block = 0; block < Blocks; block++)
        {
            BlockId id = _store.NextBlock();
            SliceTensor Column(SliceColumn column, int width) => new(
                column, ElementType.F32, Rows, width, MemoryMarshal.AsBytes(Enumerable.Range(0, Rows).SelectMany(row => Enumerable.Repeat(Mark(block, row), width)).ToArray().AsSpan()).ToArray());
            await _store.StageAsync(
                new BlockSlice(
                    new SliceAddress(id, 0, SlicePart.Read), BlockKind.MemoryRows, [Column(SliceColumn.Key, KvWidth), Column(SliceColumn.Value, KvWidth), Column(SliceColumn.RetrievalKey, KeySize)]),
                default);
            named.Add(new ManifestBlock(id, block + 1, Rows));
        }

        var layer = new LayerRows([new RowRun(Blocks - 1, 0, Rows)], [.. Enumerable.Range(0, Blocks).Select(b => new BankRun(b, 0, Rows, b + 1, 1f))], 0);
        return new Manifest(named.ToImmutable(), [layer], Blocks).Check();
    }

    private async Task<float[]> ChosenAsync(MemoryPager pager, Manifest manifest, int[] chosen)
    {
        using PinHandle rows = await pager.PinForReadAsync(manifest, _store, default);
        using DeviceBuffer buffer = _backend.Allocate(2L * chosen.Length * KvWidth);
        MatrixView both = buffer.AsMatrix(2 * chosen.Length, KvWidth);
        await rows.FetchBankAsync(0, chosen, default);
        rows.CopyBank(0, chosen, both.SliceRows(0, chosen.Length), both.SliceRows(chosen.Length, chosen.Length));
        float[] values = new float[2 * chosen.Length * KvWidth];
        _backend.Download(both, ElementType.F32, MemoryMarshal.AsBytes(values.AsSpan()));
        Assert.Equal(chosen.Select(p => Mark(p / Rows, p % Rows)), Enumerable.Range(0, chosen.Length).Select(i => values[i * KvWidth]));
        return values;
    }

    private float FirstOf(MatrixView row)
    {
        float[] values = new float[row.Columns];
        _backend.Download(row, ElementType.F32, MemoryMarshal.AsBytes(values.AsSpan()));
        return values[0];
    }
}
