using LatentDb.Cli.Evaluation;
using LatentDb.Cli.Evaluation.Reports;
using LatentDb.Cli.Evaluation.Scoring;

namespace LatentDb.Cli.Tests.Evaluation;

public sealed class ScoringTests
{
    // Values of Wilson's interval from its closed form, as tables and other packages give them.
    [Theory]
    [InlineData(0, 10, 0, 0.2775)]
    [InlineData(10, 10, 0.7225, 1)]
    [InlineData(97, 100, 0.9155, 0.9897)]
    [InlineData(1, 2, 0.0945, 0.9055)]
    [InlineData(380, 400, 0.9240, 0.9674)]
    public void A_share_comes_with_its_interval(int hits, int count, double low, double high)
    {
        var share = new Proportion(hits, count);

        Assert.Equal(low, share.Low, 4);
        Assert.Equal(high, share.High, 4);
    }

    [Theory]
    [InlineData("The red car.", "a red car", 1)]
    [InlineData("Lisbon", "Oslo", 0)]
    [InlineData("in Lisbon today", "Lisbon", 0.5)]
    [InlineData("red red", "red", 2.0 / 3)]
    [InlineData("", "Lisbon", 0)]
    [InlineData("", "", 1)]
    public void Common_words_make_the_score(string answer, string expected, double score) => Assert.Equal(score, TokenF1.Score(answer, expected), 9);

    [Theory]
    [InlineData("exact", " Lisbon\n", "Lisbon", 1)]
    [InlineData("exact", "Lisbon.", "Lisbon", 0)]
    [InlineData("contains", "It is Lisbon.", "Lisbon", 1)]
    [InlineData("contains", "It is lisbon.", "Lisbon", 0)]
    public void Rules_have_names(string rule, string answer, string expected, double score) => Assert.Equal(score, AnswerScores.Of(rule)(answer, expected));

    [Theory]
    [InlineData(1, "hiking, painting", "painted, hikes", 1)]
    [InlineData(1, "hiking", "painting, hiking", 0.5)]
    [InlineData(3, "yes", "yes; because she said so", 1)]
    [InlineData(4, "the cats", "a cat", 1)]
    [InlineData(5, "That is not mentioned.", "", 1)]
    [InlineData(5, "Paris", "", 0)]
    public void Locomo_has_a_rule_for_each_type(int category, string answer, string expected, double score) =>
        Assert.Equal(score, LocomoScore.Score(category, answer, expected), 9);

    [Fact]
    public void Half_is_lost_between_the_steps_around_it()
    {
        SummaryRow[] rows = [Row(0, 100), Row(4, 90), Row(8, 40), Row(16, 10)];

        Assert.Equal(7.2, HalfLife.Of(rows)!.Value, 9);
        Assert.Null(HalfLife.Of(rows[..2]));
    }

    [Fact]
    public void The_law_is_the_share_that_survives() => Assert.Equal(0.586, new RetentionLaw(24, 192).Survives(4), 3);

    private static SummaryRow Row(int step, int hits) => new("pool", step, new Proportion(hits, 100), null);
}
