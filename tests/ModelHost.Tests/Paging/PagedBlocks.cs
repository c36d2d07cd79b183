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

/// <summary>Versions of a few small blocks for tests of the pager. Every row begins with a number that names its block, layer and row.</summary>
internal sealed class PagedBlocks : IDisposable
{
    public const int Rows = 4;
    public const int Width = 8;
    public const long SliceBytes = Rows * Width * 2 * sizeof(float);

    public CpuBackend Backend { get; } = new(new CpuBackendOptions { Threads = 1 });

    public InMemoryBlocks Store { get; } = new();

    public static float Mark(long block, int layer, int row) => (block * 1000) + (layer * 100) + row;

    public MemoryPager Pager(long slices, int maxWaiting = 64, int loads = 4) => new(
        Backend, new SliceGeometry(Width, 0, Width, ElementType.F32), new PagerOptions(slices * SliceBytes, ConcurrentLoads: loads) { MaxWaitingPins = maxWaiting });

    /// <summary>A version that reads all rows of new blocks in every layer.</summary>
    public async Task<Manifest> ManifestAsync(int blocks, int layers = 1)
    {
        var named = ImmutableArray.CreateBuilder<ManifestBlock>();
        for (int i = 0; i < blocks; i++)
        {
            BlockId id = Store.NextBlock();
            for (int layer = 0; layer < layers; layer++) await Store.StageAsync(Slice(id, layer), default);
            named.Add(new ManifestBlock(id, i + 1, Rows));
        }

        return Of(named.ToImmutable(), layers);
    }

    /// <summary>A version that reads all rows of these blocks.</summary>
    public static Manifest Of(ImmutableArray<ManifestBlock> blocks, int layers)
    {
        var layer = new LayerRows([.. Enumerable.Range(0, blocks.Length).Select(b => new RowRun(b, 0, Rows))], [], 0);
        return new Manifest(blocks, [.. Enumerable.Repeat(layer, layers)], blocks.Length).Check();
    }

    /// <summary>The first number of every row of K of a layer, in rank order.</summary>
    public float[] MarksOf(PinHandle rows, int layer)
    {
        List<KeySegment> segments = [];
        rows.PoolSegments(layer, 0, segments);
        List<float> marks = [];
        foreach (KeySegment segment in segments)
        {
            float[] values = new float[segment.Rows * Width];
            Backend.Download(segment.Keys, ElementType.F32, MemoryMarshal.AsBytes(values.AsSpan()));
            marks.AddRange(Enumerable.Range(0, segment.Rows).Select(r => values[r * Width]));
        }

        return [.. marks];
    }

    public static float[] ExpectedMarks(Manifest manifest, int layer) =>
        [.. manifest.Blocks.SelectMany(b => Enumerable.Range(0, Rows).Select(row => Mark(b.Id.Sequence, layer, row)))];

    public void Dispose() => Backend.Dispose();

    private static BlockSlice Slice(BlockId id, int layer)
    {
        float[] keys = [.. Enumerable.Range(0, Rows).SelectMany(row => Enumerable.Repeat(Mark(id.Sequence, layer, row), Width))];
        byte[] bytes = MemoryMarshal.AsBytes(keys.AsSpan()).ToArray();
        SliceTensor Column(SliceColumn column) => new(column, ElementType.F32, Rows, Width, bytes);
        return new BlockSlice(new SliceAddress(id, layer, SlicePart.Read), BlockKind.MemoryRows, [Column(SliceColumn.Key), Column(SliceColumn.Value)]);
    }
}
