using System.Text;
using System.Text.Json.Nodes;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Tokenizers;

namespace LatentDb.ModelHost.Tests.Tokenizers;

public sealed class TokenizerFileTests
{
    /// <summary>Where a JSON value is put, the value, and what the message must name.</summary>
    public static TheoryData<string, string, string> Unsupported => new()
    {
        { "model.type", "\"WordPiece\"", "WordPiece" },
        { "model.dropout", "0.1", "model.dropout" },
        { "model.continuing_subword_prefix", "\"##\"", "model.continuing_subword_prefix" },
        { "model.end_of_word_suffix", "\"</w>\"", "model.end_of_word_suffix" },
        { "model.vocab", "{}", "byte 0x00" },
        { "model.vocab", "null", "vocab" },
        { "model.vocab.a", "\"x\"", "token id" },
        { "model.vocab.a", "-1", "token id" },
        { "model.vocab.a", "1", "two tokens" },
        { "model.vocab.a", "99999999", "token id" },
        { "model.merges.0", "\"a\"", "merges[0]" },
        { "model.merges.0", "\"a b c\"", "merges[0]" },
        { "model.merges.0", "[\"a\"]", "merges[0]" },
        { "model.merges.0", "7", "merges[0]" },
        { "model.merges.0", "\"qq zz\"", "'qq'" },
        { "model.merges.0", "\"z q\"", "'zq'" },
        { "normalizer", "{\"type\":\"NFC\"}", "NFC" },
        { "pre_tokenizer", "null", "pre_tokenizer" },
        { "pre_tokenizer", "{\"type\":\"Metaspace\"}", "Metaspace" },
        { "pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[]}", "ByteLevel" },
        { "pre_tokenizer.pretokenizers.0.behavior", "\"Removed\"", "Removed" },
        { "pre_tokenizer.pretokenizers.0.invert", "true", "invert" },
        { "pre_tokenizer.pretokenizers.0.pattern", "{\"String\":\" \"}", "Regex" },
        { "pre_tokenizer.pretokenizers.0.pattern.Regex", "\"(\"", "pattern" },
        { "pre_tokenizer.pretokenizers.1.add_prefix_space", "true", "add_prefix_space" },
        { "decoder", "null", "decoder" },
        { "decoder", "{\"type\":\"WordPiece\"}", "WordPiece" },
        { "decoder", "{\"type\":\"Sequence\",\"decoders\":[]}", "ByteLevel" },
        { "added_tokens.0.lstrip", "true", "lstrip" },
        { "added_tokens.0.rstrip", "true", "rstrip" },
        { "added_tokens.0.single_word", "true", "single_word" },
        { "added_tokens.0.id", "3", "belongs to" },
        { "added_tokens.0.content", "\"\"", "0 characters" },
        { "added_tokens.0.content", "\"<|eot_id|>\"", "another added token" },
        { "added_tokens.0.content", "\"a\"", "the vocabulary gives it" },
    };

    [Theory]
    [MemberData(nameof(Unsupported))]
    public void What_cannot_be_honoured_is_refused_by_name(string path, string value, string named)
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => FixtureTokenizer.LoadEdited(json => Set(json, path, value)));

        Assert.Equal(ErrorCode.CheckpointInvalid, error.Code);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Merges_may_be_strings_or_pairs()
    {
        Tokenizer strings = FixtureTokenizer.Load();
        Tokenizer pairs = FixtureTokenizer.LoadEdited(json =>
            json["model"]!["merges"] = new JsonArray([.. json["model"]!["merges"]!.AsArray().Select(m => (JsonNode)new JsonArray([.. ((string)m!).Split(' ').Select(p => (JsonNode)p)]))]));

        Assert.Equal(strings.Encode("the quick brown fox"), pairs.Encode("the quick brown fox"));
    }

    [Fact]
    public void A_merge_that_makes_a_special_token_is_refused()
    {
        LatentDbException error = Assert.Throws<LatentDbException>(() => FixtureTokenizer.LoadEdited(json =>
        {
            string merged = ((string)json["model"]!["merges"]![0]!).Replace(" ", string.Empty, StringComparison.Ordinal);
            json["added_tokens"]!.AsArray().Add((JsonNode)FixtureTokenizer.Added((int)json["model"]!["vocab"]![merged]!, merged, isSpecial: true));
        }));

        Assert.Contains("special token", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_that_is_there_twice_is_refused()
    {
        string json = FixtureTokenizer.ReadJson().ToJsonString().Replace("\"vocab\":{", "\"vocab\":{\"a\":4000,", StringComparison.Ordinal);

        LatentDbException error = Assert.Throws<LatentDbException>(() => Tokenizer.Load("tokenizer.json", Encoding.UTF8.GetBytes(json)));

        Assert.Contains("twice", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_post_processor_is_not_applied()
    {
        Tokenizer tokenizer = FixtureTokenizer.LoadEdited(json => json["post_processor"] = new JsonObject { ["type"] = "TemplateProcessing" });

        Assert.Equal(FixtureTokenizer.Load().Encode("the fox"), tokenizer.Encode("the fox"));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void A_damaged_file_gives_checkpoint_invalid_or_loads_and_nothing_else(ulong seed)
    {
        byte[] good = File.ReadAllBytes(Path.Combine(FixtureTokenizer.FolderPath, "tokenizer.json"));
        var random = new SeededRandom(seed);
        for (int i = 0; i < 150; i++)
        {
            byte[] bad = [.. good];
            for (int flips = 1 + random.NextInt32(3); flips > 0; flips--) bad[random.NextInt32(bad.Length)] = (byte)random.NextInt32(256);
            if (i % 5 == 0) bad = bad[..random.NextInt32(bad.Length)];
            try
            {
                Tokenizer.Load("tokenizer.json", bad).Encode("the quick brown fox <tool>");
            }
            catch (LatentDbException e)
            {
                Assert.Equal(ErrorCode.CheckpointInvalid, e.Code);
            }
        }
    }

    private static void Set(JsonNode json, string path, string value)
    {
        string[] parts = path.Split('.');
        JsonNode parent = json;
        foreach (string part in parts[..^1]) parent = int.TryParse(part, out int index) ? parent[index]! : parent[part]!;
        JsonNode? parsed = JsonNode.Parse(value);
        if (parent is JsonArray array) array[int.Parse(parts[^1])] = parsed;
        else parent[parts[^1]] = parsed;
    }
}
