using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Generation;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Generation;

public sealed class SamplerTests
{
    private static readonly float[] Logits = [1.5f, 3f, -2f, 0.25f, 2.5f, -1f, 0f, 1f];

    [Fact]
    public void Without_temperature_the_highest_logit_wins_and_of_equal_ones_the_lowest_id()
    {
        var sampler = new Sampler(new GenerationOptions(), 4);

        Assert.Equal(1, sampler.Next([0, 5, 5, -1]));
        Assert.Equal(2, sampler.Next([float.NegativeInfinity, -4, -3, -3]));
    }

    // 67 is no multiple of a vector, so every id is looked at in some way.
    [Fact]
    public void The_highest_logit_is_found_wherever_it_stands()
    {
        var sampler = new Sampler(new GenerationOptions(), 67);
        for (int best = 0; best < 67; best++)
        {
            float[] logits = [.. Enumerable.Range(0, 67).Select(id => id < best ? -1 - id : -0.5f)];

            Assert.Equal(best, sampler.Next(logits));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(66)]
    public void A_logit_that_is_no_number_is_named_wherever_it_stands(int id)
    {
        float[] logits = new float[67];
        logits[id] = float.NaN;

        LatentDbException error = Assert.Throws<LatentDbException>(() => new Sampler(new GenerationOptions(), 67).Next(logits));

        Assert.Contains($"token {id} ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_gives_the_same_tokens_and_another_seed_others()
    {
        var options = new GenerationOptions { Temperature = 1, TopP = 0.95f, TopK = 6, Seed = 42 };

        Assert.Equal(Draw(options, 200), Draw(options, 200));
        Assert.NotEqual(Draw(options, 200), Draw(options with { Seed = 43 }, 200));
    }

    [Theory]
    [InlineData(1f, 0, 1f)]
    [InlineData(0.5f, 0, 1f)]
    [InlineData(2f, 0, 1f)]
    [InlineData(1f, 3, 1f)]
    [InlineData(1f, 0, 0.8f)]
    [InlineData(0.7f, 5, 0.9f)]
    public void Draws_follow_the_distribution_that_the_options_define(float temperature, int topK, float topP)
    {
        const int Draws = 20_000;
        double[] expected = Probabilities(temperature, topK, topP);

        int[] counts = new int[Logits.Length];
        foreach (int id in Draw(new GenerationOptions { Temperature = temperature, TopK = topK, TopP = topP, Seed = 7 }, Draws)) counts[id]++;

        double chiSquare = 0;
        for (int id = 0; id < counts.Length; id++)
        {
            if (expected[id] == 0) Assert.Equal(0, counts[id]);
            else chiSquare += Math.Pow(counts[id] - (Draws * expected[id]), 2) / (Draws * expected[id]);
        }

        // 24.3 is the 99.9 % point of chi-square with 7 degrees of freedom, the most there are here.
        Assert.InRange(chiSquare, 0, 24.3);
    }

    [Fact]
    public void Top_k_of_one_is_greedy()
    {
        Assert.All(Draw(new GenerationOptions { Temperature = 2, TopK = 1 }, 50), id => Assert.Equal(1, id));
    }

    [Fact]
    public void A_tiny_top_p_is_greedy()
    {
        Assert.All(Draw(new GenerationOptions { Temperature = 2, TopP = 1e-6f }, 50), id => Assert.Equal(1, id));
    }

    [Fact]
    public void The_penalty_divides_positive_and_multiplies_negative_logits_of_seen_tokens_once()
    {
        var penalty = new RepetitionPenalty(2, 4);
        penalty.Observe(0);
        penalty.Observe(0);
        penalty.Observe(1);
        penalty.Observe(99);
        float[] logits = [4, -4, 4, -4];

        penalty.Apply(logits);

        Assert.Equal([2, -8, 4, -4], logits);
    }

    [Fact]
    public void A_penalty_keeps_a_greedy_answer_from_repeating_itself()
    {
        var sampler = new Sampler(new GenerationOptions { RepetitionPenalty = 2 }, 3);
        sampler.Observe([0]);

        Assert.Equal(1, sampler.Next([3, 2, 1.6f]));
        Assert.Equal(2, sampler.Next([3, 2, 1.6f]));
        Assert.Equal(0, sampler.Next([3, 2, 1.6f]));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public void Logits_that_are_no_numbers_are_a_bug_and_not_a_token(float temperature)
    {
        var sampler = new Sampler(new GenerationOptions { Temperature = temperature }, 2);

        Assert.Equal(ErrorCode.Internal, Assert.Throws<LatentDbException>(() => sampler.Next([1, float.NaN])).Code);
        Assert.Equal(ErrorCode.Internal, Assert.Throws<LatentDbException>(() => sampler.Next([float.NegativeInfinity, float.NegativeInfinity])).Code);
        Assert.Equal(ErrorCode.Internal, Assert.Throws<LatentDbException>(() => sampler.Next([1, float.PositiveInfinity])).Code);
    }

    [Fact]
    public void A_token_that_is_ruled_out_is_never_drawn()
    {
        var sampler = new Sampler(new GenerationOptions { Temperature = 1 }, 3);

        for (int i = 0; i < 200; i++) Assert.NotEqual(0, sampler.Next([float.NegativeInfinity, 0, 0]));
    }

    [Fact]
    public void Sampling_allocates_nothing_per_token()
    {
        var sampler = new Sampler(new GenerationOptions { Temperature = 1, TopK = 50, TopP = 0.9f, RepetitionPenalty = 1.1f }, 1000);
        float[] logits = [.. Enumerable.Range(0, 1000).Select(i => MathF.Sin(i))];

        long bytes = Allocations.LeastOf(() =>
        {
            for (int i = 0; i < 100; i++) sampler.Next(logits);
        });

        Assert.Equal(0, bytes);
    }

    private static int[] Draw(GenerationOptions options, int count)
    {
        var sampler = new Sampler(options, Logits.Length);
        return [.. Enumerable.Range(0, count).Select(_ => sampler.Next([.. Logits]))];
    }

    /// <summary>By sorting, as the definition reads.</summary>
    private static double[] Probabilities(float temperature, int topK, float topP)
    {
        int[] order = [.. Enumerable.Range(0, Logits.Length).OrderByDescending(i => Logits[i])];
        int[] kept = topK == 0 ? order : order[..topK];
        double[] weights = [.. kept.Select(i => Math.Exp(Logits[i] / temperature))];
        double sum = weights.Sum();
        int count = 0;
        for (double reached = 0; count < kept.Length && reached < topP * sum; count++) reached += weights[count];

        double[] result = new double[Logits.Length];
        for (int i = 0; i < count; i++) result[kept[i]] = weights[i] / weights[..count].Sum();
        return result;
    }
}
