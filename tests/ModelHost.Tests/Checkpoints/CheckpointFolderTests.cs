using System.Text;
using System.Text.Json.Nodes;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Checkpoints;

public sealed class CheckpointFolderTests
{
    [Fact]
    public void Shards_give_what_one_file_gives()
    {
        using var copy = new CheckpointCopy("mplus");
        WriteShards(copy, _ => { });

        using CheckpointFolder folder = CheckpointFolder.Open(copy.FolderPath);

        Assert.Equal(copy.Tensors.Keys.Order(StringComparer.Ordinal), folder.Tensors.Keys);
        Assert.Equal(copy.Tensors["memory"].Bytes, Bytes(folder["memory"]));
        Assert.Equal(copy.Tensors["ltm.2"].Bytes, Bytes(folder["ltm.2"]));
    }

    [Fact]
    public void A_tensor_that_its_shard_lacks_is_named()
    {
        using var copy = new CheckpointCopy("memoryllm");
        WriteShards(copy, map => map["ghost"] = "b.safetensors");

        Assert.Contains("'ghost' should be in 'b.safetensors'", Refusal(copy.FolderPath), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_that_the_index_does_not_know_is_named()
    {
        using var copy = new CheckpointCopy("memoryllm");
        WriteShards(copy, map => map.Remove("memory"));

        Assert.Contains("'memory' is in", Refusal(copy.FolderPath), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../b.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("b.bin")]
    public void An_index_cannot_name_files_elsewhere(string shard)
    {
        using var copy = new CheckpointCopy("memoryllm");
        WriteShards(copy, map => map["memory"] = shard);

        Assert.Contains("not a safetensors file of the folder", Refusal(copy.FolderPath), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        using var copy = new CheckpointCopy("memoryllm");
        WriteShards(copy, _ => { });
        File.Delete(Path.Combine(copy.FolderPath, "b.safetensors"));

        Assert.Contains("b.safetensors", Refusal(copy.FolderPath), StringComparison.Ordinal);
    }

    [Fact]
    public void One_file_and_an_index_at_once_are_ambiguous()
    {
        using var copy = new CheckpointCopy("memoryllm");
        WriteShards(copy, _ => { });
        copy.WriteFile("model.safetensors", SafetensorsBytes.Make(copy.Tensors));

        Assert.Contains("both", Refusal(copy.FolderPath), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"weight_map\":{}}")]
    [InlineData("{\"weight_map\":{\"a\":1}}")]
    [InlineData("not json")]
    public void A_damaged_index_is_refused(string json)
    {
        using var copy = new CheckpointCopy("memoryllm");
        copy.WriteConfig();
        copy.WriteFile("model.safetensors.index.json", Encoding.UTF8.GetBytes(json));

        Assert.Contains("model.safetensors.index.json", Refusal(copy.FolderPath), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_config_or_weights_is_refused_by_name()
    {
        using var folder = new TempFolder();
        Assert.Contains("no such folder", Refusal(folder.Combine("gone")), StringComparison.Ordinal);
        Assert.Contains("config.json", Refusal(folder.Path), StringComparison.Ordinal);

        using var copy = new CheckpointCopy("memoryllm");
        copy.WriteConfig();
        Assert.Contains("model.safetensors", Refusal(copy.FolderPath), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tokenizer_is_optional_until_it_is_needed_and_must_fit_the_embeddings()
    {
        using var copy = new CheckpointCopy("memoryllm");
        using (CheckpointFolder folder = copy.Open())
        {
            Assert.Null(folder.TokenizerJson);
            Assert.Contains("no tokenizer", Assert.Throws<LatentDbException>(folder.LoadTokenizer).Message, StringComparison.Ordinal);
        }

        copy.WriteFile("tokenizer.json", File.ReadAllBytes(Path.Combine(Tokenizers.FixtureTokenizer.FolderPath, "tokenizer.json")));
        using CheckpointFolder withTokenizer = copy.Open();
        Assert.Contains("vocab_size of config.json is 199", Assert.Throws<LatentDbException>(withTokenizer.LoadTokenizer).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_are_weights_and_not_memory()
    {
        using CheckpointFolder folder = GoldenCheckpointTests.OpenGolden("mplus");
        const long Layer = (2 * 64 * 64) + (2 * 32 * 64) + (3 * 128 * 64) + (2 * 64);
        const long Adapter = 4 * ((64 + 64) + (2 * (64 + 32)) + (3 * (64 + 128)));
        const long Projectors = 2 * ((64 * 64) + (32 * 64));

        // Embeddings, head, final norm, one bos row a layer, the positional row; two adapters.
        Assert.Equal((3 * (Layer + (2 * Adapter) + Projectors)) + (2 * 199 * 64) + 64 + (3 * 64) + 64, folder.ParameterCount);
    }

    [Fact]
    public void A_refused_folder_keeps_no_file_open()
    {
        using var copy = new CheckpointCopy("memoryllm");
        copy.Tensors.Remove("memory");
        for (int i = 0; i < 3; i++) Assert.Throws<LatentDbException>(() => copy.Open());

        using FileStream exclusive = new(copy.ModelPath, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        Assert.True(exclusive.Length > 0);
    }

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    public void Random_damage_gives_checkpoint_invalid_or_a_checkpoint_that_loads(ulong seed)
    {
        using var copy = new CheckpointCopy("memoryllm_plain");
        byte[] config = Encoding.UTF8.GetBytes(copy.Config.ToJsonString());
        byte[] model = SafetensorsBytes.Make(copy.Tensors);
        var random = new SeededRandom(seed);
        for (int i = 0; i < 150; i++)
        {
            copy.WriteFile("config.json", i % 2 == 0 ? Damage(config, config.Length, random) : config);
            copy.WriteFile("model.safetensors", i % 2 == 1 ? Damage(model, 3000, random) : model);
            try
            {
                using CheckpointFolder folder = CheckpointFolder.Open(copy.FolderPath);
                using var backend = new FakeBackend();
                WeightLoader.Load(folder, backend, new WeightLoadOptions(), CancellationToken.None).Dispose();
            }
            catch (LatentDbException e)
            {
                Assert.Equal(ErrorCode.CheckpointInvalid, e.Code);
            }
        }
    }

    /// <summary>Two shards, the tensors dealt out in turn, and an index that <paramref name="edit"/> may change.</summary>
    private static void WriteShards(CheckpointCopy copy, Action<JsonObject> edit)
    {
        var map = new JsonObject();
        string[] names = ["a.safetensors", "b.safetensors"];
        foreach ((string tensor, int i) in copy.Tensors.Keys.Select((name, i) => (name, i))) map[tensor] = names[i % 2];
        foreach (string shard in names) copy.WriteFile(shard, SafetensorsBytes.Make(copy.Tensors.Where(t => (string)map[t.Key]! == shard)));
        edit(map);
        copy.WriteConfig();
        copy.WriteFile("model.safetensors.index.json", Encoding.UTF8.GetBytes(new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = map }.ToJsonString()));
    }

    private static byte[] Damage(byte[] good, int within, SeededRandom random)
    {
        byte[] bad = [.. good];
        for (int flips = 1 + random.NextInt32(3); flips > 0; flips--) bad[random.NextInt32(within)] ^= (byte)(1 << random.NextInt32(8));
        return bad;
    }

    private static byte[] Bytes(StoredTensor tensor)
    {
        byte[] bytes = new byte[tensor.Bytes];
        tensor.Read(0, bytes);
        return bytes;
    }

    private static string Refusal(string folder)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => CheckpointFolder.Open(folder));
        Assert.Equal(ErrorCode.CheckpointInvalid, error.Code);
        return error.Message;
    }
}
