using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Generation;

/// <summary>
/// Chooses the next token of one answer. The same options, seed, logits and order of calls give the same tokens. No allocation after the
/// constructor. One answer, one thread.
/// </summary>
internal sealed class Sampler
{
    private readonly RepetitionPenalty _penalty;
    private readonly LogitFilters? _filters;
    private readonly SeededRandom _random;

    /// <param name="options">Ranges as documented there.</param>
    /// <param name="vocabularySize">Length of the logits.</param>
    public Sampler(GenerationOptions options, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        if (!(options.Temperature >= 0)) throw new ArgumentOutOfRangeException(nameof(options), options.Temperature, "A temperature is not negative.");
        _penalty = new RepetitionPenalty(options.RepetitionPenalty, vocabularySize);
        _filters = options.Temperature > 0 ? new LogitFilters(options.Temperature, options.TopK, options.TopP, vocabularySize) : null;
        _random = new SeededRandom(options.Seed);
        VocabularySize = vocabularySize;
    }

    public int VocabularySize { get; }

    /// <summary>Tokens of the prompt, for the repetition penalty. Chosen tokens are observed by <see cref="Next"/>.</summary>
    public void Observe(ReadOnlySpan<int> promptIds)
    {
        foreach (int id in promptIds) _penalty.Observe(id);
    }

    /// <param name="logits">One per token; the penalty is applied to them in place.</param>
    /// <exception cref="LatentDbException">internal: a logit is NaN, or none is finite.</exception>
    public int Next(Span<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, VocabularySize);
        _penalty.Apply(logits);
        int best = HighestId(logits);
        int id = _filters is null ? best : Draw(_filters, logits);
        _penalty.Observe(id);
        return id;
    }

    /// <summary>Of equal logits the lowest id.</summary>
    private static int HighestId(ReadOnlySpan<float> logits)
    {
        float highest = LogitScan.Highest(logits);
        if (float.IsNaN(highest)) throw new LatentDbException(ErrorCode.Internal, $"The logit of token {FirstNaN(logits)} is not a number.");
        if (!float.IsFinite(highest)) throw new LatentDbException(ErrorCode.Internal, $"None of {logits.Length} logits is a finite highest one.");
        return LogitScan.FirstId(logits, highest);
    }

    private static int FirstNaN(ReadOnlySpan<float> logits)
    {
        int id = 0;
        while (!float.IsNaN(logits[id])) id++;
        return id;
    }

    private int Draw(LogitFilters filters, ReadOnlySpan<float> logits)
    {
        filters.Apply(logits);
        ReadOnlySpan<double> weights = filters.Weights;
        double total = 0;
        foreach (double weight in weights) total += weight;
        double target = _random.NextDouble() * total;
        int last = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] <= 0) continue;
            last = i;
            target -= weights[i];
            if (target < 0) break;
        }

        return filters.Ids[last];
    }
}
