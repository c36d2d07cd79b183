using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>Everything one decoder layer multiplies by. The memory belongs to <see cref="ModelWeights"/>.</summary>
internal sealed record LayerWeights
{
    /// <summary>[1, d].</summary>
    public required MatrixView InputNorm { get; init; }

    /// <summary>[1, d].</summary>
    public required MatrixView PostAttentionNorm { get; init; }

    /// <summary>[1, d]: the row at position 0, in writes and reads.</summary>
    public required MatrixView Bos { get; init; }

    public required Linear Query { get; init; }

    public required Linear Key { get; init; }

    public required Linear Value { get; init; }

    public required Linear Output { get; init; }

    public required Linear Gate { get; init; }

    public required Linear Up { get; init; }

    public required Linear Down { get; init; }

    /// <summary>M+: null in a layer outside selector_layers, and in every layer of MemoryLLM.</summary>
    public RetrieverWeights? Retriever { get; init; }
}

/// <summary>The projectors of one layer: normed text row → query, normed memory row → key. No adapters.</summary>
internal sealed record RetrieverWeights(Projector Query, Projector Key);

/// <summary>One matrix, or two with SiLU between.</summary>
/// <param name="First">[inner, d].</param>
/// <param name="Second">[key width, inner]; null for a one-layer projector, whose inner is the key width.</param>
internal sealed record Projector(WeightMatrix First, WeightMatrix? Second)
{
    public int KeyWidth => (Second ?? First).Outputs;
}
