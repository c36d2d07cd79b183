using System.Text.Json.Nodes;
using LatentDb.ModelHost.Tokenizers;

namespace LatentDb.ModelHost.Tests.Tokenizers;

/// <summary>Ids that Hugging Face tokenizers 0.23.2 gives for 157 texts in many scripts, four pre-tokenizers, with and without ignore_merges.</summary>
public sealed class ReferenceIdsTests
{
    private static readonly JsonNode Expected = JsonNode.Parse(File.ReadAllBytes(Path.Combine(FixtureTokenizer.FolderPath, "expected-ids.json")))!;

    public static TheoryData<string> Variants => [.. Expected["variants"]!.AsArray().Select(v => (string)v!["name"]!)];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Ids_equal_those_of_the_reference(string variant) => Compare(variant, ignoresMerges: true, "ids");

    [Theory]
    [MemberData(nameof(Variants))]
    public void Ids_equal_those_of_the_reference_when_whole_pieces_are_merged_too(string variant) => Compare(variant, ignoresMerges: false, "ids_merged");

    [Fact]
    public void The_hand_written_scanner_cuts_as_the_pattern_does()
    {
        List<int> byHand = [];
        List<int> byPattern = [];
        var pattern = new PatternSplitter(Llama3Splitter.Pattern);
        foreach (string text in Texts().Where(t => !t.Contains('\u017F', StringComparison.Ordinal)))
        {
            byHand.Clear();
            byPattern.Clear();
            new Llama3Splitter().Split(text, byHand);
            pattern.Split(text, byPattern);
            if (text.Length > 0) Assert.Equal(byPattern, byHand);
        }
    }

    private static void Compare(string name, bool ignoresMerges, string column)
    {
        JsonNode variant = Expected["variants"]!.AsArray().Single(v => (string)v!["name"]! == name)!;
        Tokenizer tokenizer = FixtureTokenizer.LoadEdited(json =>
        {
            json["pre_tokenizer"] = variant["pre_tokenizer"]!.DeepClone();
            json["model"]!["ignore_merges"] = ignoresMerges;
        });

        string[] texts = [.. Texts()];
        int[][] expected = [.. variant[column]!.AsArray().Select(ids => ids!.AsArray().Select(id => (int)id!).ToArray())];
        string[] different = [.. texts.Where((text, i) => !tokenizer.Encode(text).SequenceEqual(expected[i]))];

        Assert.Equal(texts.Length, expected.Length);
        Assert.Empty(different);
    }

    private static IEnumerable<string> Texts() => Expected["texts"]!.AsArray().Select(t => (string)t!);
}
