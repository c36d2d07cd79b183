using System.Text;
using LatentDb.ModelHost.Tokenizers;

namespace LatentDb.ModelHost.Tests.Tokenizers;

public sealed class BytePairMergerTests
{
    [Fact]
    public void The_heap_gives_what_the_scan_gives()
    {
        var random = new SeededRandom(5);
        BytePairMerger merger = MakeMerger(random, letters: 4, merges: 60);
        for (int i = 0; i < 400; i++)
        {
            byte[] piece = [.. Enumerable.Range(0, random.NextInt32(150)).Select(_ => (byte)random.NextInt32(4))];
            List<int> byScan = [];
            List<int> byHeap = [];
            merger.EncodeByScan(piece, byScan);
            merger.EncodeByHeap(piece, byHeap);
            Assert.Equal(byScan, byHeap);
        }
    }

    [Fact]
    public void The_lowest_rank_is_merged_first_and_of_equal_ones_the_leftmost()
    {
        var merger = new BytePairMerger([.. Enumerable.Range(0, 256)], [new MergeRule('b', 'c', 300), new MergeRule('a', 'b', 301), new MergeRule('a', 'a', 302)]);

        Assert.Equal(['a', 300], Encode(merger, "abc"));
        Assert.Equal([301, 'd'], Encode(merger, "abd"));
        Assert.Equal([302, 'a'], Encode(merger, "aaa"));
    }

    [Fact]
    public void A_million_equal_letters_take_no_quadratic_time()
    {
        BytePairMerger merger = MakeMerger(new SeededRandom(6), letters: 1, merges: 8);
        List<int> ids = [];

        merger.Encode(new byte[1_000_000], ids);

        Assert.InRange(ids.Count, 1, 1_000_000);
    }

    private static List<int> Encode(BytePairMerger merger, string text)
    {
        List<int> ids = [];
        merger.Encode(Encoding.UTF8.GetBytes(text), ids);
        return ids;
    }

    /// <summary>Random merges of what is there so far, over few letters so that they meet often.</summary>
    private static BytePairMerger MakeMerger(SeededRandom random, int letters, int merges)
    {
        List<int> symbols = [.. Enumerable.Range(0, letters)];
        var rules = new List<MergeRule>();
        while (rules.Count < merges)
        {
            int left = symbols[random.NextInt32(symbols.Count)];
            int right = symbols[random.NextInt32(symbols.Count)];
            if (rules.Any(r => r.Left == left && r.Right == right)) continue;
            rules.Add(new MergeRule(left, right, 256 + rules.Count));
            symbols.Add(rules[^1].Result);
        }

        return new BytePairMerger([.. Enumerable.Range(0, 256)], rules);
    }
}
