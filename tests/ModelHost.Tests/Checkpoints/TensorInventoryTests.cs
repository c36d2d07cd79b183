using System.Text.Json.Nodes;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Checkpoints;

namespace LatentDb.ModelHost.Tests.Checkpoints;

public sealed class TensorInventoryTests
{
    [Theory]
    [InlineData("model.norm.weight")]
    [InlineData("model.layers.1.self_attn.o_proj.weight")]
    [InlineData("model.layers.2.mlp.down_proj.base_layer.weight")]
    [InlineData("model.layers.0.self_attn.q_proj.lora_A.decoder_adapter.weight")]
    [InlineData("model.layers.0.self_attn.key_proj.2.weight")]
    [InlineData("memory")]
    [InlineData("bos_embedding")]
    [InlineData("ltm.1")]
    [InlineData("ltm_ages.2")]
    [InlineData("lm_head.weight")]
    public void A_missing_tensor_is_named(string name)
    {
        using var copy = new CheckpointCopy("mplus");
        copy.Tensors.Remove(name);

        // A wrapped weight may also have its plain name; that is the one that is then asked for.
        Assert.Contains(name.Replace(".base_layer", string.Empty, StringComparison.Ordinal), Refusal(copy), StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_adapter_that_was_dropped_is_noticed_and_counted()
    {
        using var copy = new CheckpointCopy("memoryllm");
        copy.Rename(name => name.Contains("decoder_adapter", StringComparison.Ordinal) ? null : name);

        // Three layers, six modules, A and B.
        Assert.Contains("36 tensors are missing", Refusal(copy), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unexpected_tensor_is_named()
    {
        using var copy = new CheckpointCopy("memoryllm");
        copy.Tensors["model.layers.0.self_attn.q_proj.bias"] = SafetensorsBytes.Tensor.F32([64], _ => 1);

        Assert.Contains("1 tensors are unexpected (model.layers.0.self_attn.q_proj.bias)", Refusal(copy), StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_under_both_of_its_names_is_one_too_many()
    {
        using var copy = new CheckpointCopy("memoryllm");
        copy.Tensors["model.layers.0.self_attn.q_proj.weight"] = copy.Tensors["model.layers.0.self_attn.q_proj.base_layer.weight"];

        Assert.Contains("unexpected (model.layers.0.self_attn.q_proj.weight)", Refusal(copy), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.embed_tokens.weight", "[199, 64]")]
    [InlineData("model.layers.1.mlp.up_proj.base_layer.weight", "[128, 64]")]
    [InlineData("model.layers.1.mlp.up_proj.lora_B.default.weight", "[128, 4]")]
    [InlineData("memory", "[3, 32, 64]")]
    [InlineData("new_memory_positional_emb", "[1, 1, 64]")]
    [InlineData("ltm.1", "[any, 64]")]
    [InlineData("ltm_keys.1", "[40, 32]")]
    [InlineData("ltm_recall_frequencies.1", "[40]")]
    public void A_tensor_of_another_shape_is_named_with_the_shape_it_should_have(string name, string shape)
    {
        using var copy = new CheckpointCopy("mplus");
        copy.Tensors[name] = SafetensorsBytes.Tensor.F32([7, 3], i => i);

        string message = Refusal(copy);

        Assert.Contains($"'{name}' has shape [7, 3]", message, StringComparison.Ordinal);
        Assert.Contains(shape, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("memory", "F32")]
    [InlineData("memory", "BF16")]
    [InlineData("memory", "F16")]
    [InlineData("bos_embedding", "F32")]
    [InlineData("new_memory_positional_emb", "F32")]
    [InlineData("model.norm.weight", "F32")]
    [InlineData("model.layers.1.input_layernorm.weight", "BF16")]
    [InlineData("model.layers.2.post_attention_layernorm.weight", "F32")]
    [InlineData("ltm.0", "F32")]
    [InlineData("ltm_keys.2", "F32")]
    [InlineData("ltm_recall_frequencies.0", "F32")]
    public void NaN_or_infinity_at_any_place_is_refused(string name, string type)
    {
        using var copy = new CheckpointCopy("mplus");
        SafetensorsBytes.Tensor good = copy.Tensors[name];
        int count = good.Bytes.Length / 4;
        foreach (int place in (int[])[0, count / 2, count - 1])
        {
            foreach (float value in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
            {
                byte[] bytes = [.. good.Bytes];
                BitConverter.TryWriteBytes(bytes.AsSpan(place * 4), value);
                SafetensorsBytes.Tensor bad = good with { Bytes = bytes };
                copy.Tensors[name] = type switch { "BF16" => bad.ToBFloat16(), "F16" => bad.ToFloat16(), _ => bad };
                Assert.Contains($"'{name}' contains NaN or infinity", Refusal(copy), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Tensors_that_are_known_to_be_of_no_use_may_be_there_or_not()
    {
        using var copy = new CheckpointCopy("mplus");
        copy.Rename(name => name.Contains("encoder_query_proj", StringComparison.Ordinal) ? null : name);
        copy.Tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = SafetensorsBytes.Tensor.F32([8], i => i);

        using CheckpointFolder folder = copy.Open();

        Assert.True(folder.HasAdapters);
    }

    [Fact]
    public void A_merged_export_without_adapters_loads_when_one_set_of_weights_serves_both()
    {
        using var copy = new CheckpointCopy("memoryllm");
        copy.Config["add_decoder_lora"] = false;
        copy.Rename(name => name.Contains("lora_", StringComparison.Ordinal) ? null : name.Replace(".base_layer", string.Empty, StringComparison.Ordinal));

        using CheckpointFolder folder = copy.Open();

        Assert.False(folder.HasAdapters);
    }

    [Fact]
    public void A_merged_export_is_refused_when_reads_have_their_own_adapter()
    {
        using var copy = new CheckpointCopy("memoryllm");
        copy.Rename(name => name.Contains("lora_", StringComparison.Ordinal) ? null : name.Replace(".base_layer", string.Empty, StringComparison.Ordinal));

        Assert.Contains("72 tensors are missing", Refusal(copy), StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_outside_selector_layers_need_no_projectors()
    {
        using var copy = new CheckpointCopy("mplus");
        copy.Config["selector_layers"] = new JsonArray(1);
        copy.Rename(name => name.Contains("query_proj", StringComparison.Ordinal) || name.Contains("key_proj", StringComparison.Ordinal) ? name.Contains(".1.", StringComparison.Ordinal) ? name : null : name);

        using CheckpointFolder folder = copy.Open();

        Assert.Equal([1], folder.Config.LongTerm!.SelectorLayers);
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(0.5f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void An_age_that_is_no_whole_number_is_refused(float age)
    {
        using var copy = new CheckpointCopy("mplus");
        copy.Tensors["ltm_ages.1"] = SafetensorsBytes.Tensor.F32([40], i => i == 7 ? age : i);

        Assert.Contains("'ltm_ages.1' has the age", Refusal(copy), StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_of_whole_numbers_is_refused()
    {
        using var copy = new CheckpointCopy("memoryllm");
        copy.Tensors["memory"] = copy.Tensors["memory"] with { Type = "I32" };

        Assert.Contains("'memory' is stored as I32", Refusal(copy), StringComparison.Ordinal);
    }

    private static string Refusal(CheckpointCopy copy)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => copy.Open());
        Assert.Equal(ErrorCode.CheckpointInvalid, error.Code);
        return error.Message;
    }
}
