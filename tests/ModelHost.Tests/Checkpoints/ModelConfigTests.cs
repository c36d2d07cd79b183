using System.Text;
using System.Text.Json.Nodes;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Checkpoints;

public sealed class ModelConfigTests
{
    /// <summary>Key (a dot goes into an object), value, and what the message must name.</summary>
    public static TheoryData<string, string, string> Refused => new()
    {
        { "hidden_act", "\"gelu\"", "silu" },
        { "attention_bias", "true", "attention_bias" },
        { "mlp_bias", "true", "mlp_bias" },
        { "quantization_config", "{\"bits\":4}", "quantization_config" },
        { "sliding_window", "4096", "sliding_window" },
        { "partial_rotary_factor", "0.5", "partial_rotary_factor" },
        { "add_bos_embedding", "false", "add_bos_embedding" },
        { "num_selector_layers", "3", "num_selector_layers" },
        { "update_ltm_mode", "\"lazy\"", "immediate" },
        { "update_ltm_mode", "null", "update_ltm_mode" },
        { "add_selector", "false", "add_selector" },
        { "map_from_hidden_states", "false", "map_from_hidden_states" },
        { "num_ltm_blocks", "null", "num_ltm_blocks" },
        { "num_ltm_blocks", "6", "no pool" },
        { "num_retrieved_tokens", "0", "num_retrieved_tokens" },
        { "num_retrieved_tokens", "17", "num_retrieved_tokens" },
        { "initial_rf_when_moving_stm_to_ltm", "null", "initial_rf_when_moving_stm_to_ltm" },
        { "decay_frequency", "null", "decay_frequency" },
        { "update_ltm_frequency", "0", "update_ltm_frequency" },
        { "selector_hidden_dim", "null", "selector_hidden_dim" },
        { "selector_layers", "[0,3]", "selector_layers" },
        { "num_tokens", "null", "not a MemoryLLM" },
        { "num_blocks", "0", "num_blocks" },
        { "num_blocks", "2000000000", "num_blocks" },
        { "num_hidden_layers", "0", "num_hidden_layers" },
        { "num_hidden_layers", "\"3\"", "whole number" },
        { "hidden_size", "65", "num_attention_heads" },
        { "head_dim", "15", "even" },
        { "num_key_value_heads", "3", "num_key_value_heads" },
        { "rms_norm_eps", "0", "rms_norm_eps" },
        { "rope_theta", "0", "rope_theta" },
        { "rope_scaling", "{\"type\":\"dynamic\",\"factor\":2.0}", "dynamic" },
        { "rope_scaling", "{\"rope_type\":\"yarn\",\"factor\":2.0}", "yarn" },
        { "rope_scaling", "{\"type\":\"linear\"}", "rope_scaling.factor" },
        { "rope_scaling", "{\"type\":\"linear\",\"factor\":0.5}", "rope_scaling.factor" },
        { "rope_scaling", "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":4,\"high_freq_factor\":1,\"original_max_position_embeddings\":64}", "high_freq_factor" },
        { "rope_scaling", "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":1,\"high_freq_factor\":4}", "original_max_position_embeddings" },
        { "lora_config", "null", "add_decoder_lora" },
        { "lora_config.r", "0", "lora_config.r" },
        { "lora_config.target_modules", "\"all-linear\"", "target_modules" },
        { "lora_config.target_modules", "[\"embed\"]", "target_modules" },
        { "lora_config.use_rslora", "true", "use_rslora" },
        { "lora_config.use_dora", "true", "use_dora" },
        { "lora_config.bias", "\"all\"", "bias" },
        { "lora_config.rank_pattern", "{\"q_proj\":8}", "rank_pattern" },
        { "lora_config.modules_to_save", "[\"lm_head\"]", "modules_to_save" },
        { "max_length", "8", "max_length" },
        { "eos_token_id", "[2,4000]", "eos_token_id" },
        { "architectures", "\"MPlus\"", "architectures" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_setting_that_cannot_be_honoured_is_refused_by_name(string key, string value, string named)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => ParseMPlus(json =>
        {
            string[] parts = key.Split('.');
            JsonObject parent = parts.Length == 1 ? json : json[parts[0]]!.AsObject();
            parent[parts[^1]] = JsonNode.Parse(value);
        }));

        Assert.Equal(ErrorCode.CheckpointInvalid, error.Code);
        Assert.StartsWith("config.json:", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"num_tokens\":1,\"num_tokens\":2}")]
    [InlineData("{\"\\ud800\":1}")]
    public void What_is_no_json_object_is_refused(string json)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => ModelConfigReader.Parse("config.json", Encoding.UTF8.GetBytes(json)));

        Assert.Equal(ErrorCode.CheckpointInvalid, error.Code);
    }

    [Fact]
    public void The_published_8b_configuration_gives_the_published_sizes()
    {
        ModelConfig config = Parse("""
            {"architectures":["MemoryLLM"],"model_type":"llama","vocab_size":128256,"hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,
             "num_attention_heads":32,"num_key_value_heads":8,"rms_norm_eps":1e-5,"rope_theta":500000,"max_position_embeddings":8192,
             "rope_scaling":{"type":"linear","factor":1.8125},"tie_word_embeddings":false,"bos_token_id":128000,"eos_token_id":128001,"pad_token_id":128001,
             "num_blocks":50,"num_tokens":256,"num_memory_tokens":12800,"add_bos_embedding":true,"add_decoder_lora":true,"drop_memory_per_layer":true,
             "lora_config":{"inference_mode":false,"r":16,"lora_alpha":32,"lora_dropout":0.1,"target_modules":["q_proj","v_proj","k_proj","up_proj","down_proj","gate_proj"]},
             "max_length":512,"max_seq_length":2048,"new_memory_embedding_fullset":true,"shrink_to_one_embedding":true,"torch_dtype":"float32"}
            """);

        Assert.Equal(ModelFamily.MemoryLlm, config.Family);
        Assert.Equal(12800, config.PoolRows);
        Assert.Equal(0, config.RetrievedRows);
        Assert.Equal(128, config.HeadSize);
        Assert.Equal(1024, config.KeyValueWidth);
        Assert.Equal(2f, config.Lora!.Scale);
        Assert.True(config.Lora.HasReadAdapter);
        Assert.DoesNotContain("o_proj", config.Lora.Targets);
        Assert.True(config.DropsPerLayer);
        Assert.Equal(RopeScalingKind.Linear, config.Rope.Kind);
        Assert.Equal(12800 + 2048, config.UsablePositions);
        Assert.Equal(512, config.MaxChunkTokens);
        Assert.Equal([128001], config.EosTokenIds.AsEnumerable());
    }

    [Fact]
    public void The_published_7b_configuration_shares_one_drop_and_squeezes_positions()
    {
        ModelConfig config = Parse("""
            {"architectures":["MemoryLLM"],"vocab_size":32000,"hidden_size":4096,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":32,
             "rms_norm_eps":1e-5,"rope_theta":10000,"max_position_embeddings":4096,"rope_scaling":null,"interpolate_position_ids":true,
             "num_blocks":30,"num_tokens":256,"add_bos_embedding":true,"bos_token_id":1,"eos_token_id":2,"delta_memory_ratio":30}
            """);

        Assert.Equal(7680, config.PoolRows);
        Assert.Equal(32, config.KeyValueHeads);
        Assert.False(config.DropsPerLayer);
        Assert.Null(config.Lora);
        Assert.Equal(4096.0 / 7936, config.Rope.PositionScale);
        Assert.Equal(7936, config.UsablePositions);
    }

    [Fact]
    public void M_plus_sizes_its_pool_without_the_retrieved_blocks_and_always_drops_per_layer()
    {
        ModelConfig config = ParseMPlus(json => json["drop_memory_per_layer"] = false);

        Assert.Equal(ModelFamily.MPlus, config.Family);
        Assert.Equal(32, config.PoolRows);
        Assert.Equal(16, config.RetrievedRows);
        Assert.Equal(4096, config.UsablePositions);
        Assert.True(config.DropsPerLayer);
        Assert.Equal([0, 1, 2], config.LongTerm!.SelectorLayers.Order());
    }

    [Fact]
    public void The_named_architecture_decides_the_family_and_the_keys_where_none_is_named()
    {
        Assert.Equal(ModelFamily.MemoryLlm, ParseMPlus(json => json["architectures"] = new JsonArray("MemoryLLM")).Family);
        Assert.Equal(ModelFamily.MPlus, ParseMPlus(json => json["architectures"] = new JsonArray("LlamaForCausalLM")).Family);
        Assert.Equal(ModelFamily.MPlus, ParseMPlus(json => json.Remove("architectures")).Family);
        Assert.Equal(ModelFamily.MPlus, ParseMPlus(json => json["model_type"] = "something else").Family);
    }

    [Fact]
    public void Num_memory_tokens_is_not_read()
    {
        Assert.Equal(32, ParseMPlus(json => json["num_memory_tokens"] = 7).PoolRows);
    }

    [Fact]
    public void Absent_keys_have_the_published_defaults()
    {
        ModelConfig config = Parse("""{"vocab_size":10,"hidden_size":8,"intermediate_size":8,"num_hidden_layers":1,"num_attention_heads":2,"num_tokens":4,"num_blocks":3}""");

        Assert.Equal(512, config.MaxChunkTokens);
        Assert.Equal(1e-6f, config.RmsEpsilon);
        Assert.Equal(10000, config.Rope.Theta);
        Assert.Equal(2, config.KeyValueHeads);
        Assert.Empty(config.EosTokenIds);
        Assert.Null(config.BosTokenId);
        Assert.False(config.TiedEmbeddings);
    }

    [Fact]
    public void Theta_and_scaling_may_stand_in_one_object_as_newer_files_have_it()
    {
        ModelConfig config = ParseMPlus(json =>
        {
            json.Remove("rope_theta");
            json["rope_parameters"] = JsonNode.Parse("""{"rope_theta":500000.0,"rope_type":"linear","factor":2.0}""");
        });

        Assert.Equal(500000, config.Rope.Theta);
        Assert.Equal(2, config.Rope.Factor);
    }

    private static ModelConfig Parse(string json) => ModelConfigReader.Parse("config.json", Encoding.UTF8.GetBytes(json));

    private static ModelConfig ParseMPlus(Action<JsonObject> edit)
    {
        JsonObject json = JsonNode.Parse(File.ReadAllBytes(RepositoryFiles.Combine("tests", "Golden", "setA", "mplus", "config.json")))!.AsObject();
        edit(json);
        return Parse(json.ToJsonString());
    }
}
