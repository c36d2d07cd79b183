namespace LatentDb.Cli.Evaluation.Scoring;

/// <summary>Harmonic mean of precision and recall over words, as SQuAD and its descendants count it (Rajpurkar et al. 2016).</summary>
internal static class TokenF1
{
    private static readonly HashSet<string> Articles = new(StringComparer.Ordinal) { "a", "an", "the" };

    public static double Score(string answer, string expected) => Score(Words(answer), Words(expected));

    public static double Score(IReadOnlyList<string> answer, IReadOnlyList<string> expected)
    {
        if (answer.Count == 0 || expected.Count == 0) return answer.Count == expected.Count ? 1 : 0;
        Dictionary<string, int> left = expected.CountBy(w => w, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        int common = 0;
        foreach (string word in answer)
        {
            int count = left.GetValueOrDefault(word);
            if (count == 0) continue;
            left[word] = count - 1;
            common++;
        }

        if (common == 0) return 0;
        double precision = (double)common / answer.Count;
        double recall = (double)common / expected.Count;
        return 2 * precision * recall / (precision + recall);
    }

    /// <summary>Lower case, without punctuation and articles.</summary>
    public static IReadOnlyList<string> Words(string text)
    {
        string plain = string.Concat(text.ToLowerInvariant().Where(c => !char.IsPunctuation(c) && !char.IsSymbol(c)));
        return [.. plain.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(w => !Articles.Contains(w))];
    }
}
