using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Tests.Doubles;

/// <summary>
/// A model that remembers words for words: an inject stages real slices that hold its text, a query reads the slices that the version names and
/// says their texts, oldest first. What it answers is therefore what the manifest says.
/// </summary>
internal sealed class EchoModelHost(char name = 'e') : IModelHost
{
    private const int Layers = 2;
    private const int Width = 256;
    private const int PoolBlocks = 4;

    /// <summary>Called inside every inject, before anything is staged: a test can wait or fail here.</summary>
    public Func<InjectRequest, CancellationToken, Task> OnInject { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Called inside every inject after its slices are staged.</summary>
    public Func<CancellationToken, Task> OnStaged { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called inside every query before each piece of text.</summary>
    public Func<CancellationToken, Task> OnPiece { get; set; } = _ => Task.CompletedTask;

    /// <inheritdoc/>
    public TimeSpan ComputesFor { get; set; }

    public List<ulong> Seeds { get; } = [];

    /// <summary>Queries that it was asked, in order.</summary>
    public List<QueryRequest> Queries { get; } = [];

    /// <summary>Memories that it was told to forget, in order.</summary>
    public List<MemoryUid> Forgotten { get; } = [];

    /// <summary>Versions that it was told to read ahead, in order, each with what ends the hint.</summary>
    public List<(PrefetchRequest Request, CancellationToken Ended)> Prefetched { get; } = [];

    public ModelFingerprint Fingerprint { get; set; } = ModelFingerprint.Parse(new string(name, 64));

    public bool IsReady { get; set; } = true;

    public ModelDescription Describe() => IsReady
        ? new ModelDescription("echo", Fingerprint, "memoryllm", 1, Layers, Width, 1, PoolBlocks, 0, 64, 1, 256, Width * Layers, "test")
        : throw new LatentDbException(ErrorCode.ModelLoading, "The model is still being loaded.") { RetryAfter = TimeSpan.FromSeconds(2) };

    public async Task<Manifest> WriteGenesisAsync(IBlockSink sink, CancellationToken cancellationToken)
    {
        BlockId block = await StageAsync(sink, BlockKind.Genesis, string.Empty, cancellationToken);
        LayerRows rows = new([new RowRun(0, 0, 1)], [], 0);
        return new Manifest([new ManifestBlock(block, 0, 1)], [.. Enumerable.Repeat(rows, Layers)], 0);
    }

    public async Task<InjectOutcome> InjectAsync(InjectRequest request, CancellationToken cancellationToken)
    {
        RequireModel(request.Head);
        await OnInject(request, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        Seeds.Add(request.Seed);
        string text = TextOf(request.Text);
        BlockId block = await StageAsync(request.Sink, BlockKind.MemoryRows, text, cancellationToken);
        await OnStaged(cancellationToken);
        int oldRows = request.Head.Manifest.Layers[0].PoolRows;
        ImmutableArray<int> dropped = oldRows >= PoolBlocks ? [0] : [];
        var delta = new LayerDelta(dropped, MovedToBank: false, SealedLife: null, Decays: 0, EvictedBankRows: [], Appended: [new RowRange(0, 1)]);
        int tokens = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        return new InjectOutcome([new ManifestDelta(block, 1, [.. Enumerable.Repeat(delta, Layers)])], tokens, 0, new StageTimings());
    }

    public async IAsyncEnumerable<GenerationEvent> QueryAsync(QueryRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RequireModel(request.Version);
        Queries.Add(request);
        int pieces = 0;
        foreach (RowRun run in request.Version.Manifest.Layers[0].Pool)
        {
            var address = new SliceAddress(request.Version.Manifest.Blocks[run.Block].Id, 0, SlicePart.Read);
            BlockSlice slice = await request.Source.ReadAsync(address, cancellationToken);
            string text = Encoding.UTF8.GetString(slice.Find(SliceColumn.Key)!.Bytes.Span).TrimEnd('\0');
            if (text.Length == 0) continue;
            await OnPiece(cancellationToken);
            yield return new GeneratedText(pieces++ == 0 ? text : $"|{text}");
        }

        yield return new GenerationCompleted(FinishReason.Stop, new TokenUsage(1, pieces), RetrievalReport.None, new StageTimings());
    }

    public void Prefetch(PrefetchRequest request, CancellationToken cancellationToken) => Prefetched.Add((request, cancellationToken));

    public void Forget(MemoryUid memory) => Forgotten.Add(memory);

    private static async Task<BlockId> StageAsync(IBlockSink sink, BlockKind kind, string text, CancellationToken cancellationToken)
    {
        BlockId block = sink.NextBlock();
        byte[] bytes = new byte[Width * 4];
        Encoding.UTF8.GetBytes(text, bytes);
        for (int layer = 0; layer < Layers; layer++)
        {
            SliceTensor tensor = new(SliceColumn.Key, ElementType.F32, 1, Width, bytes);
            await sink.StageAsync(new BlockSlice(new SliceAddress(block, layer, SlicePart.Read), kind, [tensor]), cancellationToken);
        }

        return block;
    }

    private void RequireModel(VersionedManifest version)
    {
        if (version.Version.Fingerprint == Fingerprint) return;
        throw new LatentDbException(ErrorCode.ModelMismatch, $"Written by model {version.Version.Fingerprint.Short}; loaded is {Fingerprint.Short}.");
    }

    private static string TextOf(TextInput text) => text switch
    {
        TextInput.Plain plain => plain.Text,
        TextInput.Conversation talk => string.Join(' ', talk.Messages.Select(m => m.Content)),
        _ => throw new ArgumentOutOfRangeException(nameof(text)),
    };
}
