using System.Buffers;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Support;

/// <summary>A stand-in for a model: its pool fills up to <see cref="PoolRows"/>, then each write drops random rows into the bank.</summary>
internal sealed class TestModel(int layers = 2, int blockRows = 4, int width = 8, char name = 'a')
{
    public const int PoolRows = 12;

    public ModelFingerprint Fingerprint { get; } = ModelFingerprint.Parse(new string(name, 64));

    /// <summary>Writes a genesis of one block of <see cref="PoolRows"/> rows per layer.</summary>
    public async Task<Manifest> WriteGenesisAsync(IBlockSink sink, CancellationToken cancellationToken)
    {
        BlockId block = sink.NextBlock();
        for (int layer = 0; layer < layers; layer++)
        {
            await sink.StageAsync(Slice(new SliceAddress(block, layer, SlicePart.Read), BlockKind.Genesis, PoolRows, seed: layer), cancellationToken);
        }

        ImmutableArray<LayerRows> rows = [.. Enumerable.Range(0, layers).Select(_ => new LayerRows([new RowRun(0, 0, PoolRows)], [], 0f))];
        return new Manifest([new ManifestBlock(block, 0, PoolRows)], rows, 0);
    }

    /// <summary>Stages a block and says what it changes; the same seed gives the same bytes and drops.</summary>
    public async Task<ManifestDelta> StageAsync(IBlockSink sink, int seed)
    {
        BlockId block = sink.NextBlock();
        foreach (BlockSlice slice in SlicesOf(block, seed)) await sink.StageAsync(slice, CancellationToken.None);
        return Delta(block, seed);
    }

    /// <summary>What <see cref="StageAsync"/> stages.</summary>
    public IEnumerable<BlockSlice> SlicesOf(BlockId block, int seed)
    {
        for (int layer = 0; layer < layers; layer++)
        {
            yield return Slice(new SliceAddress(block, layer, SlicePart.Read), BlockKind.MemoryRows, blockRows, seed + layer);
            yield return Slice(new SliceAddress(block, layer, SlicePart.Hidden), BlockKind.MemoryRows, blockRows, seed - layer);
        }
    }

    public ManifestDelta Delta(BlockId block, int seed)
    {
        var random = new Random(seed);
        ImmutableArray<LayerDelta> deltas =
        [
            .. Enumerable.Range(0, layers).Select(_ => new LayerDelta(
                [.. Enumerable.Range(0, PoolRows).OrderBy(_ => random.Next()).Take(blockRows).Order()],
                MovedToBank: seed % 2 == 0,
                SealedLife: seed % 3 == 0 ? random.NextSingle() : null,
                Decays: seed,
                EvictedBankRows: [],
                Appended: [new RowRange(0, blockRows)])),
        ];
        return new ManifestDelta(block, blockRows, deltas);
    }

    public BlockSlice Slice(SliceAddress address, BlockKind kind, int rows, int seed)
    {
        byte[] bytes = new byte[rows * width * 2];
        new Random(seed).NextBytes(bytes);
        return new BlockSlice(address, kind, [new SliceTensor(SliceColumn.Key, ElementType.BF16, rows, width, bytes)]);
    }

    /// <summary>One whole inject.</summary>
    public async Task<MemoryVersion> InjectAsync(MemoryTimeline timeline, int seed, string? operationId = null)
    {
        await using AppendTransaction transaction = timeline.BeginAppend();
        ManifestDelta delta = await StageAsync(transaction, seed);
        var draft = new VersionDraft([delta], Fingerprint, (ulong)seed, Tokens: 16, operationId);
        return await timeline.AppendAsync(transaction, draft, timeline.Summary.Head.Number, CancellationToken.None);
    }

    public async Task<MemoryTimeline> CreateAsync(MemoryCatalog catalog, MemoryKey key, string? metadata = null)
    {
        await catalog.EnsureGenesisAsync(key, Fingerprint, WriteGenesisAsync, CancellationToken.None);
        return await catalog.CreateAsync(key, Fingerprint, metadata, WriteOrigin.None, CancellationToken.None);
    }

    /// <summary>A manifest as bytes: equal bytes mean equal manifests, float bits included.</summary>
    public static string Fingerprinted(Manifest manifest)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.Write(manifest);
        return Convert.ToHexString(buffer.WrittenSpan);
    }
}
