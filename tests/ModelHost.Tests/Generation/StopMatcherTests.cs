using System.Collections.Immutable;
using FsCheck.Fluent;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Generation;
using LatentDb.ModelHost.Tests.Tokenizers;

namespace LatentDb.ModelHost.Tests.Generation;

public sealed class StopMatcherTests
{
    [Fact]
    public void A_stop_string_across_pieces_ends_the_answer_and_no_part_of_it_is_handed_out()
    {
        var matcher = new StopMatcher(["\nQuestion:"]);

        Assert.Equal("Lisbon.", matcher.Append("Lisbon."));
        Assert.Equal(string.Empty, matcher.Append("\nQues"));
        Assert.False(matcher.IsStopped);
        Assert.Equal(string.Empty, matcher.Append("tion: next"));
        Assert.True(matcher.IsStopped);
        Assert.Equal(string.Empty, matcher.Append("more"));
        Assert.Equal(string.Empty, matcher.Flush());
    }

    [Fact]
    public void Text_that_did_not_become_a_stop_string_is_handed_out_as_soon_as_that_is_certain()
    {
        var matcher = new StopMatcher(["abcd"]);

        Assert.Equal("x", matcher.Append("xabc"));
        Assert.Equal("abc", matcher.Append("ab"));
        Assert.Equal("ab", matcher.Flush());
    }

    [Fact]
    public void Without_stop_strings_text_passes_at_once()
    {
        var matcher = new StopMatcher([]);

        Assert.Equal("anything", matcher.Append("anything"));
        Assert.False(matcher.IsStopped);
    }

    [Fact]
    public void Of_stop_strings_that_one_character_completes_the_longest_counts()
    {
        Assert.Equal("x", new StopMatcher(["c", "abc"]).Append("xabc"));
    }

    [Fact]
    public void An_empty_stop_string_is_an_invalid_request()
    {
        Assert.Equal(ErrorCode.InvalidRequest, Assert.Throws<LatentDbException>(() => new StopMatcher(["a", string.Empty])).Code);
    }

    [Fact]
    public void Any_cut_of_any_text_gives_what_a_search_over_the_whole_text_gives()
    {
        var letters = Gen.Elements('a', 'b', 'c');
        var word = letters.NonEmptyListOf().Select(cs => new string([.. cs])).Where(s => s.Length <= 5);
        var cases = word.ListOf().Zip(letters.ListOf().Select(cs => new string([.. cs])), (stops, text) => (Stops: stops, Text: text)).Zip(Gen.Choose(1, 4), (c, cut) => (c.Stops, c.Text, Cut: cut));

        Texts.ForAll(cases, c =>
        {
            var matcher = new StopMatcher([.. c.Stops]);
            string streamed = string.Concat(c.Text.Chunk(c.Cut).Select(piece => matcher.Append(new string(piece)))) + matcher.Flush();

            (string expected, bool isStopped) = SearchWholeText(c.Text, [.. c.Stops]);
            Assert.Equal(expected, streamed);
            Assert.Equal(isStopped, matcher.IsStopped);
        });
    }

    private static (string Answer, bool IsStopped) SearchWholeText(string text, ImmutableArray<string> stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            int longest = stops.Where(s => text[..end].EndsWith(s, StringComparison.Ordinal)).Select(s => s.Length).DefaultIfEmpty(0).Max();
            if (longest > 0) return (text[..(end - longest)], true);
        }

        return (text, false);
    }
}
