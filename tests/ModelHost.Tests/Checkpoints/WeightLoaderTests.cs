using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Checkpoints;

public sealed class WeightLoaderTests
{
    [Fact]
    public void Writes_use_the_default_adapter_and_reads_the_decoder_adapter_on_the_same_base()
    {
        using var copy = new CheckpointCopy("memoryllm");
        using CheckpointFolder folder = copy.Open();
        using var backend = new FakeBackend();
        using ModelWeights weights = Load(folder, backend);

        LinearView write = weights.Layers[2].Up.View(AdapterMode.Write);
        LinearView read = weights.Layers[2].Up.View(AdapterMode.Read);

        const string Module = "model.layers.2.mlp.up_proj.";
        Assert.Same(write.Base, read.Base);
        Assert.Equal(Singles(copy, Module + "base_layer.weight"), FakeBackend.Values(write.Base));
        Assert.Equal(Singles(copy, Module + "lora_A.default.weight"), FakeBackend.Values(write.Adapter!.A));
        Assert.Equal(Singles(copy, Module + "lora_B.default.weight"), FakeBackend.Values(write.Adapter.B));
        Assert.Equal(Singles(copy, Module + "lora_A.decoder_adapter.weight"), FakeBackend.Values(read.Adapter!.A));
        Assert.Equal(Singles(copy, Module + "lora_B.decoder_adapter.weight"), FakeBackend.Values(read.Adapter.B));
        Assert.Equal((2f, 4), (read.Adapter.Scale, read.Adapter.Rank));
        Assert.Null(weights.Layers[2].Output.View(AdapterMode.Read).Adapter);
    }

    [Fact]
    public void Without_a_read_adapter_default_serves_both()
    {
        using var copy = new CheckpointCopy("memoryllm");
        copy.Config["add_decoder_lora"] = false;
        copy.Rename(name => name.Contains("decoder_adapter", StringComparison.Ordinal) ? null : name);
        using CheckpointFolder folder = copy.Open();
        using var backend = new FakeBackend();
        using ModelWeights weights = Load(folder, backend);

        Linear query = weights.Layers[0].Query;

        Assert.NotNull(query.View(AdapterMode.Read).Adapter);
        Assert.Same(query.View(AdapterMode.Write).Adapter, query.View(AdapterMode.Read).Adapter);
    }

    [Fact]
    public void Every_linear_of_every_layer_is_its_own_tensor()
    {
        using var copy = new CheckpointCopy("memoryllm_plain");
        using CheckpointFolder folder = copy.Open();
        using var backend = new FakeBackend();
        using ModelWeights weights = Load(folder, backend);

        for (int layer = 0; layer < 3; layer++)
        {
            LayerWeights w = weights.Layers[layer];
            (Linear Linear, string Name)[] all =
            [
                (w.Query, "self_attn.q_proj"), (w.Key, "self_attn.k_proj"), (w.Value, "self_attn.v_proj"), (w.Output, "self_attn.o_proj"),
                (w.Gate, "mlp.gate_proj"), (w.Up, "mlp.up_proj"), (w.Down, "mlp.down_proj"),
            ];
            foreach ((Linear linear, string name) in all)
            {
                Assert.Equal(Singles(copy, $"model.layers.{layer}.{name}.weight"), FakeBackend.Values(linear.View(AdapterMode.Read).Base));
            }

            Assert.Equal(Singles(copy, $"model.layers.{layer}.input_layernorm.weight"), FakeBackend.Values(w.InputNorm));
            Assert.Equal(Singles(copy, $"model.layers.{layer}.post_attention_layernorm.weight"), FakeBackend.Values(w.PostAttentionNorm));
            Assert.Equal(Singles(copy, "bos_embedding")[(layer * 64)..((layer + 1) * 64)], FakeBackend.Values(w.Bos));
        }

        Assert.Equal(Singles(copy, "new_memory_positional_emb"), FakeBackend.Values(weights.MemoryPosition));
        Assert.Equal(Singles(copy, "model.norm.weight"), FakeBackend.Values(weights.FinalNorm));
        Assert.Equal(Singles(copy, "lm_head.weight"), FakeBackend.Values(weights.Head));
    }

    [Fact]
    public void Tied_embeddings_are_the_head_whether_or_not_a_head_is_stored()
    {
        using var copy = new CheckpointCopy("memoryllm_plain");
        copy.Config["tie_word_embeddings"] = true;
        float[] embeddings = Singles(copy, "model.embed_tokens.weight");
        foreach (bool isStored in (bool[])[true, false])
        {
            if (!isStored) copy.Tensors.Remove("lm_head.weight");
            using CheckpointFolder folder = copy.Open();
            using var backend = new FakeBackend();
            using ModelWeights weights = Load(folder, backend);

            Assert.Equal(embeddings, FakeBackend.Values(weights.Head));
        }
    }

    [Fact]
    public void Projectors_have_one_or_two_matrices()
    {
        using var copy = new CheckpointCopy("mplus");
        using (CheckpointFolder folder = copy.Open())
        {
            using var backend = new FakeBackend();
            using ModelWeights weights = Load(folder, backend);
            Assert.Equal(Singles(copy, "model.layers.1.self_attn.key_proj.2.weight"), FakeBackend.Values(weights.Layers[1].Retriever!.Key.Second!));
            Assert.Equal(32, weights.Layers[1].Retriever!.Query.KeyWidth);
        }

        copy.Config["num_selector_layers"] = 1;
        copy.Rename(name => name.Contains("_proj.0.", StringComparison.Ordinal) ? name.Replace(".0.weight", ".weight", StringComparison.Ordinal) : name.Contains("_proj.2.", StringComparison.Ordinal) ? null : name);
        foreach (string name in copy.Tensors.Keys.Where(n => n.EndsWith("self_attn.query_proj.weight", StringComparison.Ordinal) || n.EndsWith("self_attn.key_proj.weight", StringComparison.Ordinal)).ToArray())
        {
            copy.Tensors[name] = SafetensorsBytes.Tensor.F32([32, 64], i => i);
        }

        copy.Rename(name => name.Contains("encoder_query_proj", StringComparison.Ordinal) ? null : name);
        using CheckpointFolder single = copy.Open();
        using var singleBackend = new FakeBackend();
        using ModelWeights singleWeights = Load(single, singleBackend);
        Assert.Null(singleWeights.Layers[1].Retriever!.Key.Second);
        Assert.Equal(32, singleWeights.Layers[1].Retriever!.Key.KeyWidth);
    }

    [Theory]
    [InlineData("BF16", null, ElementType.BF16)]
    [InlineData("F16", null, ElementType.F32)]
    [InlineData("F32", null, ElementType.F32)]
    [InlineData("F32", ElementType.BF16, ElementType.BF16)]
    public void Matrices_are_packed_as_stored_unless_the_options_say_otherwise(string stored, ElementType? asked, ElementType expected)
    {
        using var copy = new CheckpointCopy("memoryllm_plain");
        foreach (string name in copy.Tensors.Keys.Where(n => copy.Tensors[n].Type == "F32").ToArray())
        {
            copy.Tensors[name] = stored switch { "BF16" => copy.Tensors[name].ToBFloat16(), "F16" => copy.Tensors[name].ToFloat16(), _ => copy.Tensors[name] };
        }

        using CheckpointFolder folder = copy.Open();
        using var backend = new FakeBackend();
        using ModelWeights weights = WeightLoader.Load(folder, backend, new WeightLoadOptions { Storage = asked }, CancellationToken.None);

        Assert.Equal(expected, FakeBackend.Storage(weights.Head));
    }

    [Fact]
    public void Embedding_rows_are_looked_up_in_the_order_of_the_ids()
    {
        using var copy = new CheckpointCopy("memoryllm_plain");
        using CheckpointFolder folder = copy.Open();
        using var backend = new FakeBackend();
        using ModelWeights weights = Load(folder, backend);
        using DeviceBuffer buffer = backend.Allocate(3 * 64);
        float[] table = Singles(copy, "model.embed_tokens.weight");

        weights.Embeddings.Gather([198, 0, 198], backend, buffer.AsMatrix(3, 64));

        Assert.Equal([.. table[(198 * 64)..], .. table[..64], .. table[(198 * 64)..]], FakeBackend.Values(buffer.AsMatrix(3, 64)));
        Assert.Throws<ArgumentOutOfRangeException>(() => weights.Embeddings.Gather([199, 0, 0], backend, buffer.AsMatrix(3, 64)));
        Assert.Throws<ArgumentOutOfRangeException>(() => weights.Embeddings.Gather([-1, 0, 0], backend, buffer.AsMatrix(3, 64)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(60)]
    public void A_load_that_fails_half_way_leaves_nothing_allocated(int allocations)
    {
        using CheckpointFolder folder = GoldenCheckpointTests.OpenGolden("mplus");
        using var backend = new FakeBackend { FailAfter = allocations };

        Assert.Throws<InvalidOperationException>(() => Load(folder, backend));

        Assert.Equal(0, backend.Alive);
    }

    [Fact]
    public void A_load_can_be_cancelled()
    {
        using CheckpointFolder folder = GoldenCheckpointTests.OpenGolden("mplus");
        using var backend = new FakeBackend();

        Assert.Throws<OperationCanceledException>(() => WeightLoader.Load(folder, backend, new WeightLoadOptions(), new CancellationToken(canceled: true)));

        Assert.Equal(0, backend.Alive);
    }

    [Fact]
    public void The_shipped_model_loads_with_its_tokenizer()
    {
        using CheckpointFolder folder = CheckpointFolder.Open(RepositoryFiles.Combine("models", "small"));
        using var backend = new FakeBackend();
        using ModelWeights weights = Load(folder, backend);

        Assert.Equal("small", folder.Name);
        Assert.InRange(folder.LoadTokenizer().VocabularySize, 257, folder.Config.VocabularySize);
    }

    private static ModelWeights Load(CheckpointFolder folder, FakeBackend backend) => WeightLoader.Load(folder, backend, new WeightLoadOptions(), CancellationToken.None);

    private static float[] Singles(CheckpointCopy copy, string name) => [.. copy.Tensors[name].Bytes.Chunk(4).Select(four => BitConverter.ToSingle(four))];
}
