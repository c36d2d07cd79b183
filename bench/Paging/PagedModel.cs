using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Paging;
using LatentDb.Store;

namespace LatentDb.Paging;

/// <summary>Memories of a made-up model, with slices as the model host writes them and rows of noise.</summary>
/// <param name="Layers">L.</param>
/// <param name="Rows">K.</param>
/// <param name="Blocks">Blocks of a full pool.</param>
/// <param name="KvWidth">Elements of K, and of V.</param>
/// <param name="KeySize">Elements of a retrieval key.</param>
/// <param name="HiddenWidth">d.</param>
internal sealed record PagedModel(int Layers, int Rows, int Blocks, int KvWidth, int KeySize, int HiddenWidth)
{
    private static readonly byte[] Noise = MakeNoise();

    /// <summary>The shape of 100 million parameters: 12 layers, 12 heads of 64, 4 of them for keys and values, 20 blocks of 128 rows.</summary>
    public static PagedModel HundredMillion { get; } = new(12, 128, 20, 256, 48, 768);

    /// <summary>A twentieth of its memory, so that a thousand of them are soon made.</summary>
    public static PagedModel Small { get; } = new(6, 32, 16, 128, 16, 256);

    public SliceGeometry Geometry => new(KvWidth, KeySize, HiddenWidth, ElementType.BF16);

    /// <summary>Bytes of the rows that a query reads.</summary>
    public long MemoryBytes => (long)Layers * Blocks * Rows * ((2 * KvWidth) + KeySize) * ElementType.BF16.Bytes();

    /// <summary>A memory whose pool holds nothing but blocks of its own.</summary>
    public async Task<MemoryTimeline> WriteAsync(MemoryStoreService store, int number, int seed)
    {
        var random = new Random(seed);
        MemoryKey key = BenchStore.Key(number);
        await store.Catalog.EnsureGenesisAsync(key, BenchStore.Fingerprint, WriteGenesisAsync, CancellationToken.None);
        MemoryTimeline timeline = await store.Catalog.CreateAsync(key, BenchStore.Fingerprint, null, WriteOrigin.None, CancellationToken.None);
        for (int block = 0; block < Blocks; block++) await InjectAsync(timeline, random);
        return timeline;
    }

    private async Task InjectAsync(MemoryTimeline timeline, Random random)
    {
        await using AppendTransaction transaction = timeline.BeginAppend();
        BlockId block = transaction.NextBlock();
        var layers = ImmutableArray.CreateBuilder<LayerDelta>(Layers);
        for (int layer = 0; layer < Layers; layer++)
        {
            await StageAsync(transaction, new SliceAddress(block, layer, SlicePart.Hidden), BlockKind.MemoryRows, Rows, random, CancellationToken.None);

            // The oldest rows leave, so that after as many writes as the pool has blocks nothing of the genesis is left.
            layers.Add(new LayerDelta([.. Enumerable.Range(0, Rows)], false, null, 0f, [], [new RowRange(0, Rows)]));
        }

        var draft = new VersionDraft([new ManifestDelta(block, Rows, layers.MoveToImmutable())], BenchStore.Fingerprint, 1, Rows, null);
        await timeline.AppendAsync(transaction, draft, timeline.Summary.Head.Number, CancellationToken.None);
    }

    private async Task<Manifest> WriteGenesisAsync(IBlockSink sink, CancellationToken token)
    {
        BlockId block = sink.NextBlock();
        var random = new Random(0);
        for (int layer = 0; layer < Layers; layer++) await StageAsync(sink, new SliceAddress(block, layer, SlicePart.Hidden), BlockKind.Genesis, Rows * Blocks, random, token);
        ImmutableArray<LayerRows> rows = [.. Enumerable.Range(0, Layers).Select(_ => new LayerRows([new RowRun(0, 0, Rows * Blocks)], [], 0f))];
        return new Manifest([new ManifestBlock(block, 0, Rows * Blocks)], rows, 0);
    }

    private async Task StageAsync(IBlockSink sink, SliceAddress address, BlockKind kind, int rows, Random random, CancellationToken token)
    {
        SliceTensor Column(SliceColumn column, int width)
        {
            int bytes = rows * width * ElementType.BF16.Bytes();
            return new SliceTensor(column, ElementType.BF16, rows, width, Noise.AsMemory(random.Next(Noise.Length - bytes), bytes));
        }

        await sink.StageAsync(new BlockSlice(address, kind, [Column(SliceColumn.Hidden, HiddenWidth)]), token);
        ImmutableArray<SliceTensor> read = [Column(SliceColumn.Key, KvWidth), Column(SliceColumn.Value, KvWidth), Column(SliceColumn.RetrievalKey, KeySize)];
        await sink.StageAsync(new BlockSlice(address with { Part = SlicePart.Read }, kind, read), token);
    }

    private static byte[] MakeNoise()
    {
        byte[] noise = new byte[64 << 20];
        new Random(0).NextBytes(noise);
        return noise;
    }
}
