namespace LatentDb.ModelHost.Checkpoints;

/// <summary>Published tensor names ↔ what we call them.</summary>
internal static class TensorNames
{
    public const string Embeddings = "model.embed_tokens.weight";
    public const string FinalNorm = "model.norm.weight";
    public const string Head = "lm_head.weight";
    public const string Memory = "memory";
    public const string Bos = "bos_embedding";
    public const string MemoryPosition = "new_memory_positional_emb";
    public const string Initialized = "initialized";

    /// <summary>peft's name of the adapter that writes (encoder).</summary>
    public const string WriteAdapter = "default";

    /// <summary>peft's name of the adapter that reads (decoder).</summary>
    public const string ReadAdapter = "decoder_adapter";

    public const string QueryProjector = "query_proj";
    public const string KeyProjector = "key_proj";

    public static readonly IReadOnlyList<LinearRole> Roles = Enum.GetValues<LinearRole>();

    public static string InputNorm(int layer) => $"model.layers.{layer}.input_layernorm.weight";

    public static string PostAttentionNorm(int layer) => $"model.layers.{layer}.post_attention_layernorm.weight";

    /// <summary>"q_proj": what lora_config.target_modules lists.</summary>
    public static string ModuleName(LinearRole role) => role switch
    {
        LinearRole.Query => "q_proj",
        LinearRole.Key => "k_proj",
        LinearRole.Value => "v_proj",
        LinearRole.Output => "o_proj",
        LinearRole.Gate => "gate_proj",
        LinearRole.Up => "up_proj",
        LinearRole.Down => "down_proj",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Unknown linear map."),
    };

    public static string Module(int layer, LinearRole role) =>
        $"model.layers.{layer}.{(role <= LinearRole.Output ? "self_attn" : "mlp")}.{ModuleName(role)}";

    /// <summary>A weight without adapters, or merged with them.</summary>
    public static string PlainWeight(string module) => module + ".weight";

    /// <summary>A weight that peft has wrapped.</summary>
    public static string WrappedWeight(string module) => module + ".base_layer.weight";

    public static string LoraA(string module, string adapter) => $"{module}.lora_A.{adapter}.weight";

    public static string LoraB(string module, string adapter) => $"{module}.lora_B.{adapter}.weight";

    /// <summary>The only matrix of a one-layer projector.</summary>
    public static string Projector(int layer, string projector) => $"model.layers.{layer}.self_attn.{projector}.weight";

    /// <summary>A matrix of a projector that is a sequence; SiLU is number 1.</summary>
    public static string Projector(int layer, string projector, int index) => $"model.layers.{layer}.self_attn.{projector}.{index}.weight";

    public static string BankRows(int layer) => $"ltm.{layer}";

    public static string BankKeys(int layer) => $"ltm_keys.{layer}";

    public static string BankAges(int layer) => $"ltm_ages.{layer}";

    public static string BankRecallFrequencies(int layer) => $"ltm_recall_frequencies.{layer}";

    /// <summary>Memory that the checkpoint ships with, as opposed to weights.</summary>
    public static bool IsMemory(string name) =>
        name is Memory or Initialized || name.StartsWith("ltm.", StringComparison.Ordinal) || name.StartsWith("ltm_", StringComparison.Ordinal);

    /// <summary>
    /// Known and not needed: the encoder's own query projector (on no working path of the official code), frequencies that are computed
    /// anyway, and counters of normalisation layers.
    /// </summary>
    public static bool IsIgnored(string name) =>
        name.Contains(".self_attn.encoder_query_proj.", StringComparison.Ordinal)
        || name.EndsWith(".inv_freq", StringComparison.Ordinal)
        || name.EndsWith(".num_batches_tracked", StringComparison.Ordinal);
}

/// <summary>The linear maps of a decoder layer.</summary>
internal enum LinearRole
{
    Query,
    Key,
    Value,
    Output,
    Gate,
    Up,
    Down,
}
