using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Crash;

/// <summary>A stand-in for a model whose blocks are a function of a seed, so that parent and child agree on every byte without talking.</summary>
internal static class CrashModel
{
    public const int Layers = 3;
    public const int PoolRows = 16;
    public const int BlockRows = 4;
    private const int Width = 64;

    public static ModelFingerprint Fingerprint { get; } = ModelFingerprint.Parse(new string('c', 64));

    public static async Task<Manifest> WriteGenesisAsync(IBlockSink sink, CancellationToken cancellationToken)
    {
        BlockId block = sink.NextBlock();
        for (int layer = 0; layer < Layers; layer++) await sink.StageAsync(Slice(new SliceAddress(block, layer, SlicePart.Read), PoolRows, layer), cancellationToken);
        ImmutableArray<LayerRows> layers = [.. Enumerable.Range(0, Layers).Select(_ => new LayerRows([new RowRun(0, 0, PoolRows)], [], 0f))];
        return new Manifest([new ManifestBlock(block, 0, PoolRows)], layers, 0);
    }

    /// <summary>What an operation injects follows from its key, so that sending it again sends the same.</summary>
    public static int SeedOf(string operation) => BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes(operation))) & int.MaxValue;

    /// <summary>Stages 1 to 4 chunks.</summary>
    public static async Task<ImmutableArray<ManifestDelta>> StageAsync(IBlockSink sink, int seed)
    {
        var random = new Random(seed);
        var deltas = ImmutableArray.CreateBuilder<ManifestDelta>();
        for (int chunk = random.Next(1, 5); chunk > 0; chunk--)
        {
            BlockId block = sink.NextBlock();
            for (int layer = 0; layer < Layers; layer++)
            {
                await sink.StageAsync(Slice(new SliceAddress(block, layer, SlicePart.Read), BlockRows, seed + layer), CancellationToken.None);
            }

            ImmutableArray<LayerDelta> layers =
            [
                .. Enumerable.Range(0, Layers).Select(_ => new LayerDelta(
                    [.. Enumerable.Range(0, PoolRows).OrderBy(_ => random.Next()).Take(BlockRows).Order()], true, null, 0f, [], [new RowRange(0, BlockRows)])),
            ];
            deltas.Add(new ManifestDelta(block, BlockRows, layers));
        }

        return deltas.ToImmutable();
    }

    /// <summary>SHA-256 over the version's runs and over the bytes of every block that it names.</summary>
    public static async Task<string> HashAsync(MemoryCatalog catalog, VersionedManifest read)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var text = new StringBuilder();
        text.Append(read.Version.Number).Append(' ').Append(read.Version.Cause).Append(' ').Append(read.Version.CommittedAt).Append(' ').Append(read.Version.OperationId);
        foreach (LayerRows layer in read.Manifest.Layers)
        {
            text.AppendJoin(';', layer.Pool.Select(r => $"{r.Block},{r.First},{r.Count}")).Append('|');
            text.AppendJoin(';', layer.Bank.Select(r => $"{r.Block},{r.First},{r.Count},{r.EnteredAt},{BitConverter.SingleToUInt32Bits(r.LifeBase)}")).Append('/');
        }

        hash.AppendData(Encoding.UTF8.GetBytes(text.ToString()));
        foreach (ManifestBlock block in read.Manifest.Blocks)
        {
            for (int layer = 0; layer < Layers; layer++)
            {
                BlockSlice slice = await catalog.Blocks.ReadAsync(new SliceAddress(block.Id, layer, SlicePart.Read), CancellationToken.None);
                hash.AppendData(slice.Tensors[0].Bytes.Span);
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static BlockSlice Slice(SliceAddress address, int rows, int seed)
    {
        byte[] bytes = new byte[rows * Width * 2];
        new Random(seed).NextBytes(bytes);
        return new BlockSlice(address, BlockKind.MemoryRows, [new SliceTensor(SliceColumn.Key, ElementType.BF16, rows, Width, bytes)]);
    }
}
