using System.Text.Json.Nodes;
using FsCheck.Fluent;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Tokenizers;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Tokenizers;

public sealed class TokenizerTests
{
    private static readonly string[] SpecialContents = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"];

    private static readonly Tokenizer Fixture = FixtureTokenizer.Load();

    [Fact]
    public void Any_text_comes_back_exactly() => Texts.ForAll(Texts.AnyText, text => Assert.Equal(text, Fixture.Decode(Fixture.Encode(text))));

    [Fact]
    public void Any_text_comes_back_exactly_through_a_pattern_that_runs_as_a_regular_expression()
    {
        Tokenizer tokenizer = FixtureTokenizer.LoadEdited(json =>
            json["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] = @"\p{L}+|\p{N}");

        Texts.ForAll(Texts.AnyText, text => Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text))));
    }

    [Fact]
    public void No_text_ever_gives_a_special_token()
    {
        var spelled = Gen.Elements(SpecialContents).Zip(Texts.AnyText, (special, text) => text + special + text + special[..^1] + special);

        Texts.ForAll(spelled, text =>
        {
            int[] ids = Fixture.Encode(text);
            Assert.DoesNotContain(ids, Fixture.IsSpecial);
            Assert.Equal(text, Fixture.Decode(ids));
        });
    }

    [Fact]
    public void A_special_token_that_is_a_word_is_not_made_from_text_either()
    {
        Tokenizer tokenizer = FixtureTokenizer.LoadEdited(json =>
        {
            int id = (int)json["added_tokens"]!.AsArray().Max(t => (int)t!["id"]!) + 1;
            json["model"]!["vocab"]!["stopword"] = id;
            json["added_tokens"]!.AsArray().Add((JsonNode)FixtureTokenizer.Added(id, "stopword", isSpecial: true));
        });

        Assert.NotNull(tokenizer.FindSpecial("stopword"));
        Assert.DoesNotContain(tokenizer.FindSpecial("stopword")!.Value, tokenizer.Encode("stopword"));
    }

    [Fact]
    public void Special_tokens_are_found_by_name_and_have_no_text()
    {
        int id = Fixture.FindSpecial("<|eot_id|>")!.Value;

        Assert.True(Fixture.IsSpecial(id));
        Assert.Equal(0, Fixture.BytesOf(id).Length);
        Assert.Null(Fixture.FindSpecial("<tool>"));
        Assert.Null(Fixture.FindSpecial("the"));
    }

    [Fact]
    public void Of_two_added_tokens_at_one_place_the_longer_wins()
    {
        Assert.Equal("<tool_call>", Fixture.Decode([Assert.Single(Fixture.Encode("<tool_call>"))]));
        Assert.Equal("<tool>", Fixture.Decode([Assert.Single(Fixture.Encode("<tool>"))]));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_an_invalid_request()
    {
        // An attribute cannot carry these: its strings are stored as UTF-8.
        foreach ((string text, int position) in ((string, int)[])[("\uD83D", 0), ("\uDE00", 0), ("ab\uDE00\uD83D", 2), ("\uD83D\uDE00\uD83D", 2), ("\uD83D\uD83D\uDE00", 0)])
        {
            LatentDbException error = Assert.Throws<LatentDbException>(() => Fixture.Encode(text));

            Assert.Equal(ErrorCode.InvalidRequest, error.Code);
            Assert.Contains($"position {position}", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Decoding_skips_ids_that_the_tokenizer_lacks()
    {
        Assert.Equal("ab", Fixture.Decode([.. Fixture.Encode("a"), int.MaxValue, -1, .. Fixture.Encode("b")]));
    }

    [Fact]
    public void Bytes_that_are_not_text_decode_to_replacement_characters()
    {
        Tokenizer tokenizer = FixtureTokenizer.LoadBytesOnly();

        Assert.Equal("a\uFFFDb", tokenizer.Decode(['a', 0xC3, 'b']));
    }

    [Fact]
    public void A_byte_fallback_token_decodes_to_its_byte()
    {
        Tokenizer tokenizer = FixtureTokenizer.LoadEdited(json =>
        {
            json["model"]!["byte_fallback"] = true;
            json["model"]!["vocab"]!["<0xE4>"] = 5000;
            json["model"]!["vocab"]!["<0xBD>"] = 5001;
            json["model"]!["vocab"]!["<0xA0>"] = 5002;
        });

        Assert.Equal("你", tokenizer.Decode([5000, 5001, 5002]));
    }

    [Fact]
    public void The_shipped_tokenizer_reads_questions_in_few_tokens_and_gives_them_back()
    {
        string path = RepositoryFiles.Combine("models", "small", "tokenizer.json");
        Tokenizer tokenizer = Tokenizer.Load(path, File.ReadAllBytes(path));
        const string Question = "Question: Where does Maria live? Answer:";

        int[] ids = tokenizer.Encode(Question);

        Assert.Equal(Question, tokenizer.Decode(ids));
        Assert.InRange(ids.Length, 5, Question.Length / 2);
        Texts.ForAll(Texts.AnyText, text => Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text))));
    }
}
