using FsCheck.Fluent;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Model.Retrieval;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>Which rows are chosen and in which order, on plain numbers.</summary>
public sealed class RowOrderTests
{
    [Fact]
    public void The_best_rows_equal_those_of_a_full_sort_also_among_equal_scores() => Laws.ForAll(
        from scores in Gen.Choose(0, 12).Select(i => i / 12f).ListOf()
        from count in Gen.Choose(0, 20)
        select (Scores: scores.ToArray(), count),
        law =>
        {
            int[] expected = [.. Enumerable.Range(0, law.Scores.Length).OrderByDescending(i => law.Scores[i]).ThenBy(i => i).Take(law.count).Order()];

            Assert.Equal(expected, TopRows.Select(law.Scores, InOrder(law.Scores.Length), law.count));
        });

    [Theory]
    [InlineData(32)]
    [InlineData(2560)]
    [InlineData(19_999)]
    public void A_large_bank_is_selected_like_a_sorted_one_wherever_its_scores_lie(int count)
    {
        var random = new SeededRandom(3);
        float[] scores = [.. Enumerable.Range(0, 25_000).Select(_ => random.NextInt32(4000) / 4000f)];
        int[] places = [.. Enumerable.Range(0, 20_000).Select(i => (i * 7919) % scores.Length)];
        int[] expected = [.. Enumerable.Range(0, places.Length).OrderByDescending(i => scores[places[i]]).ThenBy(i => i).Take(count).Order()];

        Assert.Equal(expected, TopRows.Select(scores, places, count));
    }

    [Fact]
    public void Scores_that_get_better_and_better_are_all_looked_at()
    {
        float[] scores = [.. Enumerable.Range(0, 1000).Select(i => i < 500 ? float.NaN : i)];

        Assert.Equal(Enumerable.Range(990, 10), TopRows.Select(scores, InOrder(1000), 10));
    }

    [Fact]
    public void A_score_that_is_no_number_is_the_worst_and_negative_ones_rank_below_zero() =>
        Assert.Equal([1, 2, 3], TopRows.Select([float.NaN, -1, 0, 0.5f, -2], InOrder(5), 3));

    // A block's rows that left the bank, or are still in the pool, stand between those that are in it.
    [Fact]
    public void A_bank_is_scored_by_blocks_and_found_by_positions()
    {
        var rows = new LayerRows([], [new BankRun(2, 5, 1, 1, 9), new BankRun(0, 3, 2, 1, 9), new BankRun(2, 0, 2, 2, 9), new BankRun(0, 1, 1, 3, float.NaN)], Decays: 0);

        var bank = new BankIndex(rows, blocks: 3);

        Assert.Equal([new BankBlock(0, new RowRange(0, 6)), new BankBlock(1, new RowRange(1, 4))], bank.Blocks.ToArray());
        Assert.Equal(10, bank.Scored);
        Assert.Equal([5, 8, 9, 0, 1, 6], bank.Scores.ToArray());
        Assert.Equal(new BankRow(2, 1), bank.Positions.RowAt(4));
    }

    // Golden README 15: up to 16 rows the official sort is stable, and then reversed.
    [Fact]
    public void The_official_order_of_few_rows_is_oldest_first_and_newest_first_among_equals() => Laws.ForAll(
        Gen.Choose(0, 5).Select(i => (long)i).ListOf(16).Select(ages => ages.ToArray()),
        ages => Assert.Equal(Enumerable.Range(0, ages.Length).OrderByDescending(i => ages[i]).ThenByDescending(i => i), OfficialAgeOrder.OldestFirst(ages)));

    // Recorded from numpy 1.24.2: np.argsort(np.array(ages))[::-1].
    [Theory]
    [InlineData(17, 1, "16 7 1 2 3 4 5 6 8 15 9 10 11 12 13 14 0")]
    [InlineData(20, 1, "19 18 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 0")]
    [InlineData(24, 3, "23 17 2 5 8 14 11 20 16 10 1 4 7 19 22 13 9 15 6 12 3 21 18 0")]
    [InlineData(40, 4, "39 31 3 7 11 15 23 27 19 35 30 38 2 6 10 14 18 34 26 22 13 1 37 5 9 25 21 29 17 33 12 24 20 8 36 32 16 4 28 0")]
    public void The_official_order_of_more_rows_leaves_ties_as_numpy_does(int rows, int period, string expected)
    {
        long[] ages = [.. Enumerable.Range(0, rows).Select(i => (long)(i % period))];

        Assert.Equal(expected, string.Join(' ', OfficialAgeOrder.OldestFirst(ages)));
    }

    private static int[] InOrder(int count) => [.. Enumerable.Range(0, count)];
}
