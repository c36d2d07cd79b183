using System.Text.Json;

namespace LatentDb.Testing;

/// <summary>Sizes and settings of a <see cref="TinyModel"/>. Defaults: a MemoryLLM with L=3, d=64, K=8, N=40 and two adapters.</summary>
public sealed record TinyModelOptions
{
    /// <summary>An M+ with L=3, d=64, K=8, N=40, R=16 and a bank of 24 rows.</summary>
    public static TinyModelOptions MPlus { get; } = new() { RetrievedBlocks = 2, Blocks = 7, BankRows = 24 };

    public int Seed { get; init; } = 1;

    public int Layers { get; init; } = 3;

    public int HiddenSize { get; init; } = 64;

    public int IntermediateSize { get; init; } = 96;

    public int Heads { get; init; } = 4;

    public int KeyValueHeads { get; init; } = 2;

    public int Vocabulary { get; init; } = 131;

    public float RmsEpsilon { get; init; } = 1e-5f;

    public double RopeTheta { get; init; } = 500_000;

    /// <summary>JSON of rope_scaling.</summary>
    public string RopeScaling { get; init; } = "null";

    /// <summary>K.</summary>
    public int RowsPerWrite { get; init; } = 8;

    /// <summary>num_blocks; for M+ the retrieved ones are counted in.</summary>
    public int Blocks { get; init; } = 5;

    public bool DropsPerLayer { get; init; } = true;

    /// <summary>false = a MemoryLLM that begins without memory.</summary>
    public bool Initialized { get; init; } = true;

    public int MaxChunkTokens { get; init; } = 32;

    /// <summary>Rank of both adapters; 0 = no adapters.</summary>
    public int LoraRank { get; init; } = 4;

    /// <summary>false = one adapter writes and reads.</summary>
    public bool HasReadAdapter { get; init; } = true;

    /// <summary>num_ltm_blocks; above 0 makes it an M+.</summary>
    public int RetrievedBlocks { get; init; }

    /// <summary>num_retrieved_tokens; null = all rows of the retrieved blocks.</summary>
    public int? Retrieved { get; init; }

    /// <summary>Rows of each layer's bank in the checkpoint.</summary>
    public int BankRows { get; init; }

    public int KeyWidth { get; init; } = 16;

    /// <summary>1 or 2.</summary>
    public int ProjectorLayers { get; init; } = 2;

    public int WritesPerMerge { get; init; } = 2;

    public double InitialLife { get; init; } = 3;

    public double DecayPerMerge { get; init; } = 1;

    public bool IsMPlus => RetrievedBlocks > 0;

    /// <summary>N.</summary>
    public int PoolRows => RowsPerWrite * (Blocks - RetrievedBlocks);

    /// <summary>R.</summary>
    public int RetrievedRows => Retrieved ?? RowsPerWrite * RetrievedBlocks;

    public int HeadSize => HiddenSize / Heads;

    /// <summary>config.json.</summary>
    public string ToJson()
    {
        var config = new Dictionary<string, object?>
        {
            ["architectures"] = (string[])[IsMPlus ? "MPlus" : "MemoryLLM"],
            ["model_type"] = "llama",
            ["vocab_size"] = Vocabulary,
            ["hidden_size"] = HiddenSize,
            ["intermediate_size"] = IntermediateSize,
            ["num_hidden_layers"] = Layers,
            ["num_attention_heads"] = Heads,
            ["num_key_value_heads"] = KeyValueHeads,
            ["hidden_act"] = "silu",
            ["rms_norm_eps"] = RmsEpsilon,
            ["rope_theta"] = RopeTheta,
            ["rope_scaling"] = JsonSerializer.Deserialize<JsonElement>(RopeScaling),
            ["max_position_embeddings"] = 4096,
            ["bos_token_id"] = 1,
            ["eos_token_id"] = 2,
            ["tie_word_embeddings"] = false,
            ["num_tokens"] = RowsPerWrite,
            ["num_blocks"] = Blocks,
            ["add_bos_embedding"] = true,
            ["drop_memory_per_layer"] = DropsPerLayer,
            ["max_length"] = MaxChunkTokens,
            ["add_decoder_lora"] = LoraRank > 0 && HasReadAdapter,
        };
        if (LoraRank > 0) config["lora_config"] = new { r = LoraRank, lora_alpha = 2 * LoraRank, target_modules = TinyWeights.AdaptedModules };
        if (IsMPlus) AddBank(config);
        return JsonSerializer.Serialize(config);
    }

    private void AddBank(Dictionary<string, object?> config)
    {
        config["num_ltm_blocks"] = RetrievedBlocks;
        if (Retrieved is not null) config["num_retrieved_tokens"] = Retrieved;
        config["update_ltm_mode"] = "immediate";
        config["initial_rf_when_moving_stm_to_ltm"] = InitialLife;
        config["decay_frequency"] = DecayPerMerge;
        config["update_ltm_frequency"] = WritesPerMerge;
        config["ltm_initial_size"] = BankRows;
        config["add_selector"] = true;
        config["selector_hidden_dim"] = KeyWidth;
        config["num_selector_layers"] = ProjectorLayers;
        config["map_from_hidden_states"] = true;
    }
}
