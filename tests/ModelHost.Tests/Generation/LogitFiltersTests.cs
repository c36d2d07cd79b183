using LatentDb.ModelHost.Generation;

namespace LatentDb.ModelHost.Tests.Generation;

public sealed class LogitFiltersTests
{
    [Fact]
    public void Top_k_keeps_exactly_k_and_prefers_low_ids_among_equals()
    {
        Assert.Equal([3, 0, 1], Candidates([1, 1, 1, 2, 1], topK: 3, topP: 1));
    }

    [Fact]
    public void Top_k_beyond_the_vocabulary_keeps_all()
    {
        Assert.Equal([0, 1, 2], Candidates([1, 3, 2], topK: 99, topP: 1));
    }

    [Theory]
    [InlineData(0.39f, 1)]
    [InlineData(0.41f, 2)]
    [InlineData(0.69f, 2)]
    [InlineData(0.71f, 3)]
    [InlineData(0.999f, 4)]
    public void Top_p_keeps_the_smallest_set_that_reaches_p(float topP, int expected)
    {
        float[] logits = [MathF.Log(0.1f), MathF.Log(0.2f), MathF.Log(0.3f), MathF.Log(0.4f)];

        Assert.Equal(((int[])[3, 2, 1, 0])[..expected], Candidates(logits, topK: 0, topP));
    }

    [Fact]
    public void Top_p_counts_shares_of_what_top_k_left()
    {
        float[] logits = [MathF.Log(0.1f), MathF.Log(0.2f), MathF.Log(0.3f), MathF.Log(0.4f)];

        // Of the two likeliest the first has 4/7 = 0.571.
        Assert.Equal([3], Candidates(logits, topK: 2, topP: 0.57f));
        Assert.Equal([3, 2], Candidates(logits, topK: 2, topP: 0.58f));
    }

    [Fact]
    public void A_selection_from_many_equals_the_head_of_a_sort()
    {
        var random = new SeededRandom(3);
        float[] logits = [.. Enumerable.Range(0, 5000).Select(_ => random.NextInt32(700) / 100f)];
        int[] sorted = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i)];

        Assert.Equal(sorted[..137], Candidates(logits, topK: 137, topP: 1));
        Assert.Equal(sorted, Candidates(logits, topK: 4999, topP: 1).Append(sorted[^1]));
    }

    // Flat logits make nearly all of the vocabulary matter, peaked ones nearly none.
    [Theory]
    [InlineData(0.01f, 0.95f)]
    [InlineData(1f, 0.9f)]
    [InlineData(8f, 0.999f)]
    public void Top_p_of_many_is_the_shortest_head_of_a_sort_that_reaches_p(float spread, float topP)
    {
        var random = new SeededRandom(4);
        float[] logits = [.. Enumerable.Range(0, 5003).Select(_ => spread * (float)(random.NextDouble() + random.NextDouble() - 1))];
        int[] sorted = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i)];
        double total = logits.Sum(logit => Math.Exp((double)logit - logits[sorted[0]]));
        double reached = 0;
        int[] expected = [.. sorted.TakeWhile(id =>
        {
            bool goesOn = reached < topP * total;
            reached += Math.Exp((double)logits[id] - logits[sorted[0]]);
            return goesOn;
        })];

        Assert.Equal(expected, Candidates(logits, topK: 0, topP));
    }

    [Fact]
    public void Weights_are_relative_to_the_highest_and_divided_by_the_temperature()
    {
        var filters = new LogitFilters(0.5f, 2, 1, 3);
        filters.Apply([1, 3, 2]);

        Assert.Equal([1, Math.Exp(-2)], filters.Weights.ToArray());
    }

    [Theory]
    [InlineData(0f, 0, 1f)]
    [InlineData(float.NaN, 0, 1f)]
    [InlineData(1f, -1, 1f)]
    [InlineData(1f, 0, 0f)]
    [InlineData(1f, 0, 1.1f)]
    public void Values_out_of_range_are_refused(float temperature, int topK, float topP)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new LogitFilters(temperature, topK, topP, 4));
    }

    private static int[] Candidates(float[] logits, int topK, float topP)
    {
        var filters = new LogitFilters(1, topK, topP, logits.Length);
        filters.Apply(logits);
        return filters.Ids.ToArray();
    }
}
