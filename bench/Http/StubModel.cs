using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Http;

/// <summary>A model that computes nothing: what is left of a request is everything else.</summary>
internal sealed class StubModel : IModelHost
{
    private const int Width = 64;

    private static readonly ModelFingerprint Fingerprint = ModelFingerprint.Parse(new string('b', 64));

    public bool IsReady => true;

    public ModelDescription Describe() => new("stub", Fingerprint, "memoryllm", 1, 1, Width, 1, 4, 0, 64, 1, 256, Width * sizeof(float), "none");

    public async Task<Manifest> WriteGenesisAsync(IBlockSink sink, CancellationToken cancellationToken)
    {
        BlockId block = await StageAsync(sink, BlockKind.Genesis, cancellationToken);
        return new Manifest([new ManifestBlock(block, 0, 1)], [new LayerRows([new RowRun(0, 0, 1)], [], 0)], 0);
    }

    public async Task<InjectOutcome> InjectAsync(InjectRequest request, CancellationToken cancellationToken)
    {
        BlockId block = await StageAsync(request.Sink, BlockKind.MemoryRows, cancellationToken);
        ImmutableArray<int> dropped = request.Head.Manifest.Layers[0].PoolRows >= 4 ? [0] : [];
        var delta = new LayerDelta(dropped, MovedToBank: false, SealedLife: null, Decays: 0, EvictedBankRows: [], Appended: [new RowRange(0, 1)]);
        return new InjectOutcome([new ManifestDelta(block, 1, [delta])], 8, 0, new StageTimings());
    }

    public async IAsyncEnumerable<GenerationEvent> QueryAsync(QueryRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        yield return new GeneratedText("Lisbon");
        yield return new GenerationCompleted(FinishReason.Stop, new TokenUsage(8, 1), RetrievalReport.None, new StageTimings());
    }

    public void Forget(MemoryUid memory)
    {
        // It holds nothing.
    }

    private static async Task<BlockId> StageAsync(IBlockSink sink, BlockKind kind, CancellationToken cancellationToken)
    {
        BlockId block = sink.NextBlock();
        var tensor = new SliceTensor(SliceColumn.Key, ElementType.F32, 1, Width, new byte[Width * sizeof(float)]);
        await sink.StageAsync(new BlockSlice(new SliceAddress(block, 0, SlicePart.Read), kind, [tensor]), cancellationToken);
        return block;
    }
}
