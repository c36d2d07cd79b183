using System.Collections.Immutable;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>config.json, checked: the Llama keys, the memory keys, and what follows from them. Made by <see cref="ModelConfigReader"/>.</summary>
internal sealed record ModelConfig
{
    /// <summary>Shorter writes disturb the memory: the least that training saw (min_length in the training configuration).</summary>
    public const int MinChunkTokens = 16;

    public required ModelFamily Family { get; init; }

    public required int VocabularySize { get; init; }

    /// <summary>d.</summary>
    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    /// <summary>L.</summary>
    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required int KeyValueHeads { get; init; }

    /// <summary>Width of one attention head.</summary>
    public required int HeadSize { get; init; }

    public required float RmsEpsilon { get; init; }

    public required RopeScaling Rope { get; init; }

    /// <summary>max_position_embeddings: positions of the base model before any stretching. Not a limit of ours; that is <see cref="UsablePositions"/>.</summary>
    public required int MaxPositions { get; init; }

    public required bool TiedEmbeddings { get; init; }

    /// <summary>Never fed: the learned bos row replaces it.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Any of them ends an answer.</summary>
    public required ImmutableArray<int> EosTokenIds { get; init; }

    /// <summary>K (num_tokens): rows that one write adds to each layer.</summary>
    public required int RowsPerWrite { get; init; }

    /// <summary>num_blocks; for M+ it counts the retrieved blocks too.</summary>
    public required int Blocks { get; init; }

    /// <summary>drop_memory_per_layer: each layer draws its own drop. M+ always does, whatever its file says.</summary>
    public required bool DropsPerLayer { get; init; }

    /// <summary>max_length: longer text is written in pieces of this many tokens.</summary>
    public required int MaxChunkTokens { get; init; }

    /// <summary>null = no adapters: one set of weights writes and reads.</summary>
    public LoraSettings? Lora { get; init; }

    /// <summary>M+ only; never null for it.</summary>
    public LongTermSettings? LongTerm { get; init; }

    /// <summary>N: rows of each layer's pool. num_memory_tokens is never read by the official code.</summary>
    public int PoolRows => RowsPerWrite * (Blocks - (LongTerm?.RetrievedBlocks ?? 0));

    /// <summary>R: rows that a query takes from the bank of each layer; 0 without a bank.</summary>
    public int RetrievedRows => LongTerm?.RetrievedRows ?? 0;

    /// <summary>
    /// Positions that bos, retrieved rows, pool and text may take together. Scaled positions reach as much further as they are squeezed: 8192
    /// with the factor 1.8125 of MemoryLLM-8B is 14,848 = 12,800 rows and 2,048 tokens. llama3 scaling is in max_position_embeddings already.
    /// </summary>
    public int UsablePositions => (int)Math.Min(int.MaxValue, Math.Round(MaxPositions * (Rope.Kind == RopeScalingKind.Linear ? Rope.Factor : 1) / Rope.PositionScale));

    /// <summary>Width of a query row: heads x head size.</summary>
    public int QueryWidth => Heads * HeadSize;

    /// <summary>dkv: width of a key or value row.</summary>
    public int KeyValueWidth => KeyValueHeads * HeadSize;
}

/// <summary>Which of the two published kinds of model a checkpoint is.</summary>
internal enum ModelFamily
{
    /// <summary>A pool per layer (Wang et al. 2024, arXiv 2402.04624).</summary>
    MemoryLlm,

    /// <summary>A pool and a long-term bank per layer (Wang et al. 2025, arXiv 2502.00592).</summary>
    MPlus,
}

/// <summary>lora_config and add_decoder_lora.</summary>
/// <param name="Rank">r.</param>
/// <param name="Alpha">lora_alpha.</param>
/// <param name="Targets">Module names such as q_proj.</param>
/// <param name="HasReadAdapter">add_decoder_lora: reads use "decoder_adapter"; else "default" serves both.</param>
internal sealed record LoraSettings(int Rank, double Alpha, ImmutableHashSet<string> Targets, bool HasReadAdapter)
{
    /// <summary>What B(A(x)) is multiplied by.</summary>
    public float Scale => (float)(Alpha / Rank);
}

/// <summary>The long-term bank of M+.</summary>
/// <param name="RetrievedBlocks">num_ltm_blocks: blocks beside the pool in num_blocks.</param>
/// <param name="RetrievedRows">R: num_ltm_blocks x num_tokens, or fewer where num_retrieved_tokens says so, a key of ours that the official code ignores.</param>
/// <param name="InitialRecall">initial_rf_when_moving_stm_to_ltm: counter of a row that enters the bank.</param>
/// <param name="DecayPerMerge">decay_frequency: what a merge takes off every counter.</param>
/// <param name="WritesPerMerge">update_ltm_frequency.</param>
/// <param name="InitialRows">ltm_initial_size; informational, the tensors decide.</param>
/// <param name="KeyWidth">selector_hidden_dim.</param>
/// <param name="ProjectorLayers">1 or 2 (num_selector_layers).</param>
/// <param name="SelectorLayers">Layers that have projectors.</param>
internal sealed record LongTermSettings(
    int RetrievedBlocks,
    int RetrievedRows,
    float InitialRecall,
    float DecayPerMerge,
    int WritesPerMerge,
    int InitialRows,
    int KeyWidth,
    int ProjectorLayers,
    ImmutableHashSet<int> SelectorLayers);
