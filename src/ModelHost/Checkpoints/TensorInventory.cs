using System.Collections.Immutable;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>
/// Compares what a checkpoint holds with what its config.json implies. A missing or unexpected tensor is an error: newer peft drops the 384
/// tensors of the second adapter without a word, and the model then answers nonsense.
/// </summary>
internal sealed class TensorInventory
{
    /// <summary>In a shape: the file decides.</summary>
    private const long Any = -1;

    private readonly string _folder;
    private readonly ModelConfig _config;
    private readonly ImmutableSortedDictionary<string, StoredTensor> _tensors;
    private readonly bool _hasAdapters;

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<string> _missing = [];

    private TensorInventory(string folder, ModelConfig config, ImmutableSortedDictionary<string, StoredTensor> tensors)
    {
        _folder = folder;
        _config = config;
        _tensors = tensors;
        _hasAdapters = config.Lora is not null && !IsMerged();
    }

    /// <summary>Throws unless every tensor is there with its shape and finite where that is checked; tells whether there are adapters.</summary>
    public static bool Check(string folder, ModelConfig config, ImmutableSortedDictionary<string, StoredTensor> tensors)
    {
        var inventory = new TensorInventory(folder, config, tensors);
        inventory.Expect();
        inventory.RefuseDifferences();
        inventory.CheckBanks();
        return inventory._hasAdapters;
    }

    /// <summary>An export without any adapter tensor has merged its only one; with a read adapter that is impossible.</summary>
    private bool IsMerged() =>
        _config.Lora is { HasReadAdapter: false }
        && !_tensors.Keys.Any(name => name.Contains(".lora_", StringComparison.Ordinal) || name.EndsWith(".base_layer.weight", StringComparison.Ordinal));

    private void Expect()
    {
        long d = _config.HiddenSize;
        Need(TensorNames.Embeddings, _config.VocabularySize, d);
        Need(TensorNames.FinalNorm, d)?.RequireFinite();
        if (_config.TiedEmbeddings) _known.Add(TensorNames.Head);
        else Need(TensorNames.Head, _config.VocabularySize, d);
        Need(TensorNames.Memory, _config.Layers, _config.PoolRows, d)?.RequireFinite();
        Need(TensorNames.Bos, _config.Layers, 1, d)?.RequireFinite();
        Need(TensorNames.MemoryPosition, 1, 1, d)?.RequireFinite();
        _known.Add(TensorNames.Initialized);
        for (int layer = 0; layer < _config.Layers; layer++) ExpectLayer(layer);
    }

    private void ExpectLayer(int layer)
    {
        Need(TensorNames.InputNorm(layer), _config.HiddenSize)?.RequireFinite();
        Need(TensorNames.PostAttentionNorm(layer), _config.HiddenSize)?.RequireFinite();
        foreach (LinearRole role in TensorNames.Roles) ExpectLinear(layer, role);
        if (_config.LongTerm is not { } longTerm) return;
        if (longTerm.SelectorLayers.Contains(layer))
        {
            ExpectProjector(layer, TensorNames.QueryProjector, longTerm);
            ExpectProjector(layer, TensorNames.KeyProjector, longTerm);
        }

        ExpectBank(layer, longTerm);
    }

    private void ExpectLinear(int layer, LinearRole role)
    {
        string module = TensorNames.Module(layer, role);
        (int outputs, int inputs) = LinearShape.Of(role, _config);
        NeedEither(TensorNames.WrappedWeight(module), TensorNames.PlainWeight(module), outputs, inputs);
        if (!_hasAdapters || !_config.Lora!.Targets.Contains(TensorNames.ModuleName(role))) return;

        int rank = _config.Lora.Rank;
        foreach (string adapter in _config.Lora.HasReadAdapter ? [TensorNames.WriteAdapter, TensorNames.ReadAdapter] : (string[])[TensorNames.WriteAdapter])
        {
            Need(TensorNames.LoraA(module, adapter), rank, inputs);
            Need(TensorNames.LoraB(module, adapter), outputs, rank);
        }
    }

    private void ExpectProjector(int layer, string projector, LongTermSettings longTerm)
    {
        if (longTerm.ProjectorLayers == 1)
        {
            NeedEither(TensorNames.Projector(layer, projector), TensorNames.Projector(layer, projector, 0), longTerm.KeyWidth, _config.HiddenSize);
            return;
        }

        StoredTensor? first = Need(TensorNames.Projector(layer, projector, 0), Any, _config.HiddenSize);
        Need(TensorNames.Projector(layer, projector, 2), longTerm.KeyWidth, first?.Shape[0] ?? Any);
    }

    /// <summary>Rows per layer come from the file. A model that begins with an empty bank may leave the tensors out.</summary>
    private void ExpectBank(int layer, LongTermSettings longTerm)
    {
        if (longTerm.InitialRows == 0 && !_tensors.ContainsKey(TensorNames.BankRows(layer)) && !_tensors.ContainsKey(TensorNames.BankKeys(layer))) return;
        StoredTensor? rows = Need(TensorNames.BankRows(layer), Any, _config.HiddenSize);
        long count = rows?.Shape[0] ?? Any;
        if (count > CheckpointLimits.MaxRows) throw CheckpointErrors.Tensor(rows!.FilePath, rows.Name, $"has {count} rows; at most {CheckpointLimits.MaxRows} are allowed.");
        rows?.RequireFinite();
        Need(TensorNames.BankKeys(layer), count, longTerm.KeyWidth)?.RequireFinite();
        Need(TensorNames.BankAges(layer), count);
        Need(TensorNames.BankRecallFrequencies(layer), count);
    }

    private StoredTensor? Need(string name, params ReadOnlySpan<long> shape)
    {
        _known.Add(name);
        if (!_tensors.TryGetValue(name, out StoredTensor? tensor))
        {
            _missing.Add(name);
            return null;
        }

        CheckShape(tensor, shape);
        return tensor;
    }

    private void NeedEither(string name, string otherName, params ReadOnlySpan<long> shape) => Need(_tensors.ContainsKey(name) ? name : otherName, shape);

    private static void CheckShape(StoredTensor tensor, ReadOnlySpan<long> expected)
    {
        bool fits = tensor.Shape.Length == expected.Length;
        for (int i = 0; fits && i < expected.Length; i++) fits = expected[i] == Any || tensor.Shape[i] == expected[i];
        if (fits) return;
        string wanted = CheckpointErrors.Shape(expected.ToArray()).Replace("-1", "any", StringComparison.Ordinal);
        throw CheckpointErrors.Tensor(tensor.FilePath, tensor.Name, $"has shape {CheckpointErrors.Shape(tensor.Shape)}; config.json asks for {wanted}.");
    }

    private void RefuseDifferences()
    {
        string[] unexpected = [.. _tensors.Keys.Where(name => !_known.Contains(name) && !TensorNames.IsIgnored(name))];
        if (_missing.Count == 0 && unexpected.Length == 0) return;
        List<string> problems = [];
        if (_missing.Count > 0) problems.Add($"{_missing.Count} tensors are missing ({List(_missing)})");
        if (unexpected.Length > 0) problems.Add($"{unexpected.Length} tensors are unexpected ({List(unexpected)})");
        throw CheckpointErrors.Invalid(_folder, $"{string.Join(" and ", problems)} by the keys of its config.json.");
    }

    private static string List(IReadOnlyCollection<string> names)
    {
        string shown = string.Join(", ", names.Take(CheckpointLimits.NamesInMessage).Select(CheckpointErrors.Shorten));
        return names.Count <= CheckpointLimits.NamesInMessage ? shown : $"{shown}, ...";
    }

    private void CheckBanks()
    {
        if (_tensors.TryGetValue(TensorNames.Initialized, out StoredTensor? initialized)) GenesisTensors.ReadInitialized(initialized);
        for (int layer = 0; _config.LongTerm is not null && layer < _config.Layers; layer++)
        {
            if (_tensors.TryGetValue(TensorNames.BankAges(layer), out StoredTensor? ages)) GenesisTensors.ReadAges(ages);
            if (_tensors.TryGetValue(TensorNames.BankRecallFrequencies(layer), out StoredTensor? frequencies)) frequencies.RequireFinite();
        }
    }
}

/// <summary>Outputs and inputs of a linear map.</summary>
internal readonly record struct LinearShape(int Outputs, int Inputs)
{
    public static LinearShape Of(LinearRole role, ModelConfig config) => role switch
    {
        LinearRole.Query => new(config.QueryWidth, config.HiddenSize),
        LinearRole.Key or LinearRole.Value => new(config.KeyValueWidth, config.HiddenSize),
        LinearRole.Output => new(config.HiddenSize, config.QueryWidth),
        LinearRole.Gate or LinearRole.Up => new(config.IntermediateSize, config.HiddenSize),
        LinearRole.Down => new(config.HiddenSize, config.IntermediateSize),
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Unknown linear map."),
    };
}
