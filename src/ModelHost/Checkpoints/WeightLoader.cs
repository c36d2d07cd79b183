using System.Collections.Immutable;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>Packs and uploads the tensors of a checkpoint, one after another through one buffer.</summary>
internal sealed class WeightLoader
{
    private readonly CheckpointFolder _folder;
    private readonly IComputeBackend _backend;
    private readonly WeightLoadOptions _options;
    private readonly List<IDisposable> _owned = [];
    private byte[] _buffer = [];

    private WeightLoader(CheckpointFolder folder, IComputeBackend backend, WeightLoadOptions options)
    {
        _folder = folder;
        _backend = backend;
        _options = options;
    }

    /// <exception cref="MemoryStore.Errors.LatentDbException">checkpoint_invalid: a tensor of a type that cannot be computed with.</exception>
    /// <exception cref="OperationCanceledException">Nothing is left allocated.</exception>
    public static ModelWeights Load(CheckpointFolder folder, IComputeBackend backend, WeightLoadOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(options);
        var loader = new WeightLoader(folder, backend, options);
        try
        {
            LoadedParts parts = loader.LoadParts(cancellationToken);
            return new ModelWeights(folder, parts, [.. folder.Config.Rope.InverseFrequencies(options.FrequencyRounding)], [.. loader._owned]);
        }
        catch
        {
            foreach (IDisposable part in loader._owned) part.Dispose();
            throw;
        }
    }

    private LoadedParts LoadParts(CancellationToken cancellationToken)
    {
        var layers = ImmutableArray.CreateBuilder<LayerWeights>(_folder.Config.Layers);
        for (int layer = 0; layer < _folder.Config.Layers; layer++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            layers.Add(LoadLayer(layer));
        }

        return new LoadedParts(
            layers.MoveToImmutable(),
            LoadRow(TensorNames.FinalNorm, 0),
            Pack(_folder.Config.TiedEmbeddings ? TensorNames.Embeddings : TensorNames.Head, _options.Storage),
            LoadRow(TensorNames.MemoryPosition, 0));
    }

    private LayerWeights LoadLayer(int layer) => new()
    {
        InputNorm = LoadRow(TensorNames.InputNorm(layer), 0),
        PostAttentionNorm = LoadRow(TensorNames.PostAttentionNorm(layer), 0),
        Bos = LoadRow(TensorNames.Bos, layer),
        Query = LoadLinear(layer, LinearRole.Query),
        Key = LoadLinear(layer, LinearRole.Key),
        Value = LoadLinear(layer, LinearRole.Value),
        Output = LoadLinear(layer, LinearRole.Output),
        Gate = LoadLinear(layer, LinearRole.Gate),
        Up = LoadLinear(layer, LinearRole.Up),
        Down = LoadLinear(layer, LinearRole.Down),
        Retriever = LoadRetriever(layer),
    };

    private Linear LoadLinear(int layer, LinearRole role)
    {
        string module = TensorNames.Module(layer, role);
        string wrapped = TensorNames.WrappedWeight(module);
        WeightMatrix weight = Pack(_folder.Tensors.ContainsKey(wrapped) ? wrapped : TensorNames.PlainWeight(module), _options.Storage);
        if (!_folder.HasAdapters || !_folder.Config.Lora!.Targets.Contains(TensorNames.ModuleName(role))) return new Linear(weight, null, null);

        LoraAdapter write = LoadAdapter(module, TensorNames.WriteAdapter);
        LoraAdapter read = _folder.Config.Lora.HasReadAdapter ? LoadAdapter(module, TensorNames.ReadAdapter) : write;
        return new Linear(weight, write, read);
    }

    private LoraAdapter LoadAdapter(string module, string adapter) =>
        new(PackSmall(TensorNames.LoraA(module, adapter)), PackSmall(TensorNames.LoraB(module, adapter)), _folder.Config.Lora!.Scale);

    private RetrieverWeights? LoadRetriever(int layer)
    {
        if (_folder.Config.LongTerm is not { } longTerm || !longTerm.SelectorLayers.Contains(layer)) return null;
        return new RetrieverWeights(LoadProjector(layer, TensorNames.QueryProjector, longTerm), LoadProjector(layer, TensorNames.KeyProjector, longTerm));
    }

    private Projector LoadProjector(int layer, string projector, LongTermSettings longTerm)
    {
        if (longTerm.ProjectorLayers == 2)
        {
            return new Projector(PackSmall(TensorNames.Projector(layer, projector, 0)), PackSmall(TensorNames.Projector(layer, projector, 2)));
        }

        string plain = TensorNames.Projector(layer, projector);
        return new Projector(PackSmall(_folder.Tensors.ContainsKey(plain) ? plain : TensorNames.Projector(layer, projector, 0)), Second: null);
    }

    /// <summary>Adapters and projectors: small, and sensitive, so they are never rounded to 8 bits.</summary>
    private WeightMatrix PackSmall(string name) => Pack(name, _options.Storage == ElementType.I8 ? null : _options.Storage);

    private WeightMatrix Pack(string name, ElementType? wanted)
    {
        StoredTensor tensor = _folder[name];
        ElementType stored = tensor.FloatType;
        ElementType storage = wanted ?? (stored == ElementType.BF16 ? ElementType.BF16 : ElementType.F32);
        WeightMatrix weight = _backend.Pack(ReadWhole(tensor), stored, (int)tensor.Shape[0], (int)tensor.Shape[1], storage);
        _owned.Add(weight);
        return weight;
    }

    /// <summary>Row <paramref name="index"/> of a tensor whose last dimension is d.</summary>
    private MatrixView LoadRow(string name, int index)
    {
        int width = _folder.Config.HiddenSize;
        DeviceBuffer buffer = _backend.Allocate(width);
        _owned.Add(buffer);
        MatrixView row = buffer.AsMatrix(1, width);
        new StoredMatrix(_folder[name], index, 1, width).Upload(0, _backend, row);
        return row;
    }

    /// <summary>Into one buffer that grows to the largest tensor; at 8B in fp32 that is the head with 2.1 GB, just below what a span can hold.</summary>
    private ReadOnlySpan<byte> ReadWhole(StoredTensor tensor)
    {
        if (tensor.Bytes > Array.MaxLength) throw CheckpointErrors.Tensor(tensor.FilePath, tensor.Name, $"has {tensor.Bytes} bytes; at most {Array.MaxLength} can be packed.");
        if (_buffer.Length < tensor.Bytes) _buffer = GC.AllocateUninitializedArray<byte>((int)tensor.Bytes);
        Span<byte> bytes = _buffer.AsSpan(0, (int)tensor.Bytes);
        tensor.Read(0, bytes);
        return bytes;
    }
}

/// <summary>How a checkpoint is brought onto a back end.</summary>
internal sealed record WeightLoadOptions
{
    /// <summary>
    /// F32 or BF16 for all matrices; I8 for those of the layers and the head, each output with a scale of its own; null = BF16 stays BF16, F32 and F16
    /// become F32.
    /// </summary>
    public ElementType? Storage { get; init; }

    /// <summary>See <see cref="InverseFrequencyRounding"/>.</summary>
    public InverseFrequencyRounding FrequencyRounding { get; init; }
}
