using System.Collections.Immutable;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>
/// config.json → <see cref="ModelConfig"/>. It is read as Llama plus extra keys whatever model_type says, because the published files say "llama".
/// A setting that would change the mathematics in a way this implementation lacks is refused; informational keys are ignored.
/// </summary>
internal static class ModelConfigReader
{
    private const int Max = CheckpointLimits.MaxWidth;

    private static readonly ImmutableArray<string> LoraTargets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <exception cref="MemoryStore.Errors.LatentDbException">checkpoint_invalid, naming the key.</exception>
    public static ModelConfig Parse(string file, ReadOnlyMemory<byte> json)
    {
        ConfigObject config = ConfigObject.Parse(file, json);
        RefuseWhatIsMissingHere(config);

        int layers = config.Int32("num_hidden_layers", 1, CheckpointLimits.MaxLayers);
        int hiddenSize = config.Int32("hidden_size", 1, Max);
        int heads = config.Int32("num_attention_heads", 1, Max);
        int vocabulary = config.Int32("vocab_size", 1, CheckpointLimits.MaxVocabulary);
        int headSize = config.Int32("head_dim", 2, Max, absent: hiddenSize / heads);
        int rowsPerWrite = config.Int32("num_tokens", 1, CheckpointLimits.MaxRows);
        int blocks = config.Int32("num_blocks", 1, CheckpointLimits.MaxRows);
        int maxPositions = config.Int32("max_position_embeddings", 1, int.MaxValue, absent: 2048);
        ModelFamily family = FamilyOf(config);

        var result = new ModelConfig
        {
            Family = family,
            VocabularySize = vocabulary,
            HiddenSize = hiddenSize,
            IntermediateSize = config.Int32("intermediate_size", 1, Max),
            Layers = layers,
            Heads = heads,
            KeyValueHeads = config.Int32("num_key_value_heads", 1, heads, absent: heads),
            HeadSize = headSize,
            RmsEpsilon = (float)config.Double("rms_norm_eps", absent: 1e-6),
            Rope = RopeScaling.Parse(config, headSize, InterpolationScale(config, maxPositions, rowsPerWrite, blocks)),
            MaxPositions = maxPositions,
            TiedEmbeddings = config.Boolean("tie_word_embeddings", absent: false),
            BosTokenId = config.Has("bos_token_id") ? config.Int32("bos_token_id", 0, vocabulary - 1) : null,
            EosTokenIds = config.Int32OrList("eos_token_id", 0, vocabulary - 1),
            RowsPerWrite = rowsPerWrite,
            Blocks = blocks,
            DropsPerLayer = family == ModelFamily.MPlus || config.Boolean("drop_memory_per_layer", absent: false),
            MaxChunkTokens = config.Int32("max_length", ModelConfig.MinChunkTokens, CheckpointLimits.MaxRows, absent: 512),
            Lora = ParseLora(config),
            LongTerm = family == ModelFamily.MPlus ? ParseLongTerm(config, layers, blocks, rowsPerWrite) : null,
        };
        CheckTogether(config, result);
        return result;
    }

    private static void RefuseWhatIsMissingHere(ConfigObject config)
    {
        string activation = config.Text("hidden_act") ?? "silu";
        if (activation != "silu") throw config.Wrong("hidden_act", $"is '{CheckpointErrors.Shorten(activation)}'; only silu is supported.");
        config.Refuse("attention_bias", "must be false: biases in the attention are not supported.");
        config.Refuse("mlp_bias", "must be false: biases in the MLP are not supported.");
        config.Refuse("quantization_config", "is set: quantised checkpoints are not supported.");
        config.Refuse("sliding_window", "is set: windowed attention is not supported.");
        config.Refuse("partial_rotary_factor", "must be 1: partial rotation is not supported.", harmless: 1);
        config.Refuse("num_local_experts", "is set: mixtures of experts are not supported.");
        if (!config.Boolean("add_bos_embedding", absent: true)) throw config.Wrong("add_bos_embedding", "is false; only models with a learned bos row are supported.");
        if (!config.Has("num_tokens")) throw config.Wrong("num_tokens", "is missing: this is not a MemoryLLM or M+ checkpoint.");
    }

    /// <summary>The class that the checkpoint names decides; a file that names neither is M+ when it has a bank.</summary>
    private static ModelFamily FamilyOf(ConfigObject config)
    {
        ImmutableArray<string> architectures = config.Texts("architectures");
        if (architectures.Contains("MPlus", StringComparer.Ordinal)) return ModelFamily.MPlus;
        if (architectures.Contains("MemoryLLM", StringComparer.Ordinal)) return ModelFamily.MemoryLlm;
        return config.Has("num_ltm_blocks") ? ModelFamily.MPlus : ModelFamily.MemoryLlm;
    }

    /// <summary>MemoryLLM-7B squeezes positions so that one pool and one block more fit in what the base model was trained for.</summary>
    private static double InterpolationScale(ConfigObject config, int maxPositions, int rowsPerWrite, int blocks)
    {
        if (!config.Boolean("interpolate_position_ids", absent: false)) return 1;
        return (double)maxPositions / Math.Max((blocks + 1L) * rowsPerWrite, maxPositions);
    }

    private static LoraSettings? ParseLora(ConfigObject config)
    {
        bool hasReadAdapter = config.Boolean("add_decoder_lora", absent: false);
        ConfigObject? lora = config.Object("lora_config");
        if (lora is null)
        {
            return hasReadAdapter ? throw config.Wrong("add_decoder_lora", "is true, but lora_config is missing.") : null;
        }

        foreach (string key in (ReadOnlySpan<string>)["use_rslora", "use_dora", "fan_in_fan_out", "rank_pattern", "alpha_pattern", "modules_to_save", "layers_to_transform", "lora_bias"])
        {
            lora.Refuse(key, "is set; only plain LoRA is supported.");
        }

        if ((lora.Text("bias") ?? "none") != "none") throw lora.Wrong("bias", "must be none.");
        ImmutableArray<string> targets = lora.Texts("target_modules");
        if (targets.IsEmpty) throw lora.Wrong("target_modules", "must name the modules.");
        foreach (string target in targets)
        {
            if (!LoraTargets.Contains(target, StringComparer.Ordinal)) throw lora.Wrong("target_modules", $"names '{CheckpointErrors.Shorten(target)}', which no layer has.");
        }

        int rank = lora.Int32("r", 1, Max);
        return new LoraSettings(rank, lora.Double("lora_alpha"), [.. targets], hasReadAdapter);
    }

    /// <summary>M+ keys have no defaults in the official code; a missing one is an error there and here. num_retrieved_tokens is ours and may be missing.</summary>
    private static LongTermSettings ParseLongTerm(ConfigObject config, int layers, int blocks, int rowsPerWrite)
    {
        string? mode = config.Text("update_ltm_mode");
        if (mode != "immediate") throw config.Wrong("update_ltm_mode", $"is '{CheckpointErrors.Shorten(mode ?? "missing")}'; only immediate is supported.");
        if (!config.Boolean("add_selector")) throw config.Wrong("add_selector", "is false: without projectors nothing can be retrieved.");
        if (!config.Boolean("map_from_hidden_states", absent: true)) throw config.Wrong("map_from_hidden_states", "is false; only keys made from hidden states are supported.");
        int projectorLayers = config.Int32("num_selector_layers", 0, Max);
        if (projectorLayers > 2) throw config.Wrong("num_selector_layers", $"is {projectorLayers}; at most 2 are supported.");
        ImmutableArray<int> listed = config.Int32OrList("selector_layers", 0, layers - 1);
        int retrieved = config.Int32("num_ltm_blocks", 1, blocks);
        int room = (int)Math.Min((long)retrieved * rowsPerWrite, CheckpointLimits.MaxRows);
        return new LongTermSettings(
            retrieved,
            config.Int32("num_retrieved_tokens", 1, room, absent: room),
            (float)config.Double("initial_rf_when_moving_stm_to_ltm"),
            (float)config.Double("decay_frequency"),
            config.Int32("update_ltm_frequency", 1, CheckpointLimits.MaxRows),
            config.Int32("ltm_initial_size", 0, CheckpointLimits.MaxRows, absent: 0),
            config.Int32("selector_hidden_dim", 1, Max),
            Math.Max(1, projectorLayers),
            config.Has("selector_layers") ? [.. listed] : [.. Enumerable.Range(0, layers)]);
    }

    private static void CheckTogether(ConfigObject config, ModelConfig result)
    {
        if (!config.Has("head_dim") && result.HiddenSize % result.Heads != 0)
        {
            throw config.Wrong("num_attention_heads", $"is {result.Heads}, which does not divide hidden_size {result.HiddenSize}.");
        }

        if (result.HeadSize % 2 != 0) throw config.Wrong("head_dim", $"is {result.HeadSize}; rotary positions need an even one.");
        if (result.Heads % result.KeyValueHeads != 0) throw config.Wrong("num_key_value_heads", $"is {result.KeyValueHeads}, which does not divide {result.Heads} heads.");
        if ((long)result.Heads * result.HeadSize > Max) throw config.Wrong("head_dim", $"is {result.HeadSize}; {result.Heads} such heads are too wide.");
        if (!(result.RmsEpsilon > 0)) throw config.Wrong("rms_norm_eps", "must be above 0.");
        long rows = (long)result.RowsPerWrite * result.Blocks;
        if (rows > CheckpointLimits.MaxRows) throw config.Wrong("num_blocks", $"is {result.Blocks}: {rows} rows of memory are more than {CheckpointLimits.MaxRows}.");
        if (result.PoolRows < result.RowsPerWrite) throw config.Wrong("num_blocks", $"is {result.Blocks}, which leaves no pool beside the retrieved blocks.");
    }
}
