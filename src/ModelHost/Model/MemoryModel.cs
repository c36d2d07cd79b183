using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model.Passes;
using LatentDb.ModelHost.Model.Pool;
using LatentDb.ModelHost.Model.Retrieval;
using LatentDb.ModelHost.Model.Sessions;

namespace LatentDb.ModelHost.Model;

/// <summary>A loaded model as a whole: its weights and the passes over them. Thread-safe; owns the weights, not the back end or the folder.</summary>
internal sealed class MemoryModel : IDisposable
{
    private readonly IComputeBackend _backend;
    private readonly ModelWeights _weights;
    private readonly CompatibilityMode _compatibility;
    private readonly LayerStack _stack;
    private readonly TextPages _pages;
    private readonly RowBuffers _buffers;
    private readonly Retriever _retriever;
    private readonly DecodeStep _step;

    private MemoryModel(IComputeBackend backend, CheckpointFolder folder, ModelWeights weights, ElementType storage, CompatibilityMode compatibility)
    {
        _backend = backend;
        _weights = weights;
        _compatibility = compatibility;
        Config = folder.Config;
        Dimensions = ModelDimensions.Of(Config);
        Rules = PoolRules.Of(Config, compatibility);
        Ages = new BankAges(compatibility.AgesSinceDrop, Dimensions.K, Dimensions.N);
        _stack = new LayerStack(backend, Dimensions, weights);
        _pages = new TextPages(backend, Dimensions);
        _buffers = new RowBuffers(backend);
        _retriever = new Retriever(_stack, Ages, compatibility);
        _step = new DecodeStep(_stack);
        Encoder = new BlockEncoder(backend, Dimensions, new RowProjection(_stack), storage);
        Genesis = new GenesisWriter(backend, Dimensions, new GenesisTensors(folder), Encoder);
    }

    public ModelConfig Config { get; }

    public ModelDimensions Dimensions { get; }

    public PoolRules Rules { get; }

    public BankAges Ages { get; }

    public BlockEncoder Encoder { get; }

    public GenesisWriter Genesis { get; }

    /// <summary>Loads the weights of an open folder.</summary>
    /// <param name="folder">Must stay open as long as the model.</param>
    /// <param name="backend">Where the weights go.</param>
    /// <param name="weights">How they are held.</param>
    /// <param name="storage">How memory rows are stored; null = in the checkpoint's own type.</param>
    /// <param name="compatibility">Habits of the official code to repeat.</param>
    /// <param name="cancellationToken">Looked at between layers.</param>
    public static MemoryModel Load(
        CheckpointFolder folder,
        IComputeBackend backend,
        WeightLoadOptions weights,
        ElementType? storage,
        CompatibilityMode compatibility,
        CancellationToken cancellationToken)
    {
        ElementType own = folder[TensorNames.Memory].FloatType == ElementType.F32 ? ElementType.F32 : ElementType.BF16;
        return new MemoryModel(backend, folder, WeightLoader.Load(folder, backend, weights, cancellationToken), storage ?? own, compatibility);
    }

    /// <summary>A chunk's write in pieces.</summary>
    /// <param name="ids">The chunk.</param>
    /// <param name="newest">The newest K rows of each layer; null when the pool is empty (a checkpoint without memory).</param>
    /// <param name="cancellationToken">Ends waits for rows; a pass is cancelled by disposing it.</param>
    public WritePass BeginWrite(ReadOnlySpan<int> ids, IMemoryRows? newest, CancellationToken cancellationToken) =>
        new(_stack, _compatibility, ids, newest, cancellationToken);

    /// <summary>A chunk's write in one go; the new rows are the caller's.</summary>
    public async ValueTask<NewRows> WriteAsync(ReadOnlyMemory<int> ids, IMemoryRows? newest, CancellationToken cancellationToken)
    {
        using WritePass pass = BeginWrite(ids.Span, newest, cancellationToken);
        await RunAsync(pass, cancellationToken).ConfigureAwait(false);
        return pass.TakeRows();
    }

    /// <summary>The two slices of a layer of a new block.</summary>
    public (BlockSlice Hidden, BlockSlice Read) Encode(BlockId block, int layer, NewRows rows)
    {
        var address = new SliceAddress(block, layer, SlicePart.Hidden);
        return (Encoder.Hidden(address, BlockKind.MemoryRows, rows.Layer(layer)), Encoder.Read(address, BlockKind.MemoryRows, rows.Layer(layer)));
    }

    /// <summary>What the write makes of the manifest.</summary>
    public ManifestDelta Next(Manifest manifest, BlockId block, int rows, DropSource drops) => PoolUpdate.Next(manifest, block, rows, Rules, drops);

    /// <summary>Rows before the text that a query of this version can have at most, in any layer.</summary>
    public int MaxMemoryRows(Manifest manifest) =>
        manifest.Layers.Max(l => l.PoolRows == 0 ? 0 : 1 + l.PoolRows + Math.Max(Math.Min(l.BankRows, Dimensions.R), Rules.KeepsBank && l.BankRows > 0 ? Dimensions.R : 0));

    /// <summary>An empty session for one query.</summary>
    public ReadSession NewSession(int promptTokens, int newTokens) => new(_backend, Dimensions, _pages, _buffers, promptTokens, newTokens);

    /// <summary>A prompt's prefill in pieces; see <see cref="PrefillPass"/>.</summary>
    public PrefillPass BeginPrefill(ReadSession session, IMemoryRows memory, Prompt prompt, PassProbe? probe, CancellationToken cancellationToken) =>
        new(_stack, _retriever, session, memory, prompt, probe, cancellationToken);

    /// <summary>A prompt's prefill in one go.</summary>
    public async ValueTask PrefillAsync(ReadSession session, IMemoryRows memory, Prompt prompt, PassProbe? probe, CancellationToken cancellationToken)
    {
        using PrefillPass pass = BeginPrefill(session, memory, prompt, probe, cancellationToken);
        await RunAsync(pass, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What a prefilled session computed of its prompt, for later prompts over the same version; null when that is nothing. The caller disposes it.</summary>
    public PromptPrefix? Share(ReadSession session, Manifest manifest, ReadOnlySpan<int> prompt)
    {
        int[][]? retrieved = _retriever.DependsOnPrompt(manifest) ? session.Retrieved : null;
        ReadOnlySpan<TextPage> pages = session.PromptPages();
        return pages.IsEmpty && retrieved is null ? null : new PromptPrefix([.. prompt], pages, retrieved);
    }

    /// <summary>One further token of each of several answers; see <see cref="DecodeStep.Run"/>.</summary>
    public void Step(ReadOnlySpan<ReadSession> sessions, ReadOnlySpan<int> ids) => _step.Run(sessions, ids);

    /// <summary>Logits of rows after the final norm: target [rows, vocabulary].</summary>
    public void Project(MatrixView normed, MatrixView logits) => _stack.Project(normed, logits);

    public void Dispose()
    {
        _pages.Dispose();
        _buffers.Dispose();
        _stack.Dispose();
        _weights.Dispose();
    }

    private static async ValueTask RunAsync(IResumablePass pass, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            PassProgress progress = pass.Run();
            if (progress.State == PassState.Finished) return;
            if (progress.Until is { } rows) await rows.ConfigureAwait(false);
        }
    }
}
