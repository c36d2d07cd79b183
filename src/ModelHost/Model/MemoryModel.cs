using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model.Pool;

namespace LatentDb.ModelHost.Model;

/// <summary>A loaded model as a whole: its weights and the passes over them. Thread-safe; owns the weights, not the back end or the folder.</summary>
internal sealed class MemoryModel : IDisposable
{
    private readonly IComputeBackend _backend;
    private readonly ModelWeights _weights;
    private readonly InjectPass _inject;
    private readonly ReadPass _read;

    private MemoryModel(IComputeBackend backend, CheckpointFolder folder, ModelWeights weights, ElementType storage, CompatibilityMode compatibility)
    {
        _backend = backend;
        _weights = weights;
        Config = folder.Config;
        Dimensions = ModelDimensions.Of(Config);
        Rules = PoolRules.Of(Config, compatibility);
        Ages = new BankAges(compatibility.AgesSinceDrop, Dimensions.K, Dimensions.N);
        Encoder = new BlockEncoder(backend, Dimensions, new RowProjection(backend, Dimensions, weights), storage);
        Genesis = new GenesisWriter(backend, Dimensions, new GenesisTensors(folder), Encoder);
        _inject = new InjectPass(backend, Dimensions, weights, compatibility);
        _read = new ReadPass(backend, Dimensions, weights, new Retriever(backend, Dimensions, Ages, compatibility));
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

    /// <summary>Runs a chunk through the write pass; see <see cref="InjectPass.Run"/>.</summary>
    public NewRows Write(ReadOnlySpan<int> ids, IMemoryRows? newest, CancellationToken cancellationToken) => _inject.Run(ids, newest, cancellationToken);

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

    /// <summary>Room for one query.</summary>
    public ReadSession NewSession(Manifest manifest, int promptTokens, int newTokens) =>
        new(_backend, Dimensions, promptTokens, MaxMemoryRows(manifest) + promptTokens + newTokens);

    /// <summary>See <see cref="ReadPass.PrefillAsync"/>.</summary>
    public ValueTask PrefillAsync(ReadSession session, IMemoryRows memory, ReadOnlyMemory<int> ids, PassProbe? probe, CancellationToken cancellationToken) =>
        _read.PrefillAsync(session, memory, ids, probe, cancellationToken);

    /// <summary>See <see cref="ReadPass.Extend"/>.</summary>
    public void Extend(ReadSession session, ReadOnlySpan<int> ids, CancellationToken cancellationToken) => _read.Extend(session, ids, cancellationToken);

    /// <summary>Logits of rows after the final norm: target [rows, vocabulary].</summary>
    public void Project(MatrixView normed, MatrixView logits) => _backend.Multiply(normed, _weights.Head, logits);

    public void Dispose() => _weights.Dispose();
}
