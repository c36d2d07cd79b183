using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Hosting;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LatentDb.Store;

/// <summary>A store with memories of made-up models.</summary>
internal static class BenchStore
{
    private static readonly byte[] AllNoise = MakeNoise();

    public static ModelFingerprint Fingerprint { get; } = ModelFingerprint.Parse(new string('b', 64));

    public static MemoryKey Key(int number) => new(TenantId.Default, MemoryId.Parse($"m{number}"));

    public static async Task<MemoryStoreService> OpenAsync(string folder)
    {
        var service = new MemoryStoreService(
            Options.Create(new MemoryStoreOptions { Data = folder }), TimeProvider.System, NullLogger<MemoryStoreService>.Instance);
        await service.StartAsync(CancellationToken.None);
        return service;
    }

    public static async Task<MemoryTimeline> CreateAsync(MemoryCatalog catalog, MemoryKey key, Sizes sizes)
    {
        await catalog.EnsureGenesisAsync(key, Fingerprint, (sink, token) => WriteGenesisAsync(sink, sizes, token), CancellationToken.None);
        return await catalog.CreateAsync(key, Fingerprint, null, WriteOrigin.None, CancellationToken.None);
    }

    public static async Task<MemoryVersion> InjectAsync(MemoryTimeline timeline, Sizes sizes, Random random)
    {
        await using AppendTransaction transaction = timeline.BeginAppend();
        BlockId block = transaction.NextBlock();
        for (int layer = 0; layer < sizes.Layers; layer++)
        {
            await transaction.StageAsync(Slice(new SliceAddress(block, layer, SlicePart.Read), sizes.Rows, sizes.Bytes, random), CancellationToken.None);
        }

        // A bank of that many rows stays one: what comes in pushes the oldest out.
        bool isBankFull = timeline.Summary.Head.Writes * sizes.Rows >= sizes.BankRows;
        ImmutableArray<RowRange> evicted = isBankFull ? [new RowRange(0, sizes.Rows)] : [];
        var layers = ImmutableArray.CreateBuilder<LayerDelta>(sizes.Layers);
        for (int layer = 0; layer < sizes.Layers; layer++)
        {
            int[] ranks = [.. Enumerable.Range(0, sizes.PoolRows)];
            random.Shuffle(ranks);
            layers.Add(new LayerDelta([.. ranks.Take(sizes.Rows).Order()], true, null, 0f, evicted, [new RowRange(0, sizes.Rows)]));
        }

        var draft = new VersionDraft([new ManifestDelta(block, sizes.Rows, layers.MoveToImmutable())], Fingerprint, 1, sizes.Rows, null);
        return await timeline.AppendAsync(transaction, draft, timeline.Summary.Head.Number, CancellationToken.None);
    }

    public static async Task<Manifest> WriteGenesisAsync(IBlockSink sink, Sizes sizes, CancellationToken token)
    {
        BlockId block = sink.NextBlock();
        var random = new Random(0);
        for (int layer = 0; layer < sizes.Layers; layer++)
        {
            await sink.StageAsync(Slice(new SliceAddress(block, layer, SlicePart.Read), sizes.PoolRows, sizes.Bytes, random), token);
        }

        ImmutableArray<LayerRows> rows = [.. Enumerable.Range(0, sizes.Layers).Select(_ => new LayerRows([new RowRun(0, 0, sizes.PoolRows)], [], 0f))];
        return new Manifest([new ManifestBlock(block, 0, sizes.PoolRows)], rows, 0);
    }

    /// <summary>Bytes that no disk compresses, at another place of the same noise each time, so that making them does not count.</summary>
    private static ReadOnlyMemory<byte> Noise(int bytes, Random random) => AllNoise.AsMemory(random.Next(AllNoise.Length - bytes), bytes);

    private static byte[] MakeNoise()
    {
        byte[] noise = new byte[64 << 20];
        new Random(0).NextBytes(noise);
        return noise;
    }

    private static BlockSlice Slice(SliceAddress address, int rows, int bytesPerRow, Random random)
    {
        ReadOnlyMemory<byte> bytes = Noise(rows * bytesPerRow, random);
        return new BlockSlice(address, BlockKind.MemoryRows, [new SliceTensor(SliceColumn.Key, ElementType.BF16, rows, bytesPerRow / 2, bytes)]);
    }
}
