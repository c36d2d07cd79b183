namespace LatentDb.Cli.Evaluation.Scoring;

/// <summary>The rules of LoCoMo's own script, by category.</summary>
internal static class LocomoScore
{
    private static readonly HashSet<string> Dropped = new(StringComparer.Ordinal) { "a", "an", "the", "and" };

    public static double Score(int category, string answer, string expected) => category switch
    {
        1 => ManyParts(answer, expected),
        3 => F1(answer, expected.Split(';')[0].Trim()),
        5 => SaysThatItIsUnknown(answer) ? 1 : 0,
        _ => F1(answer, expected),
    };

    public static string NameOf(int category) => category switch
    {
        1 => "multi-hop",
        2 => "temporal",
        3 => "open-domain",
        4 => "single-hop",
        5 => "adversarial",
        _ => $"category {category}",
    };

    /// <summary>Each expected part against the best part of the answer.</summary>
    private static double ManyParts(string answer, string expected)
    {
        string[] given = answer.Split(',');
        return expected.Split(',').Average(part => given.Max(g => F1(g, part)));
    }

    private static double F1(string answer, string expected) => TokenF1.Score(Stems(answer), Stems(expected));

    private static bool SaysThatItIsUnknown(string answer) =>
        answer.Contains("no information available", StringComparison.OrdinalIgnoreCase) || answer.Contains("not mentioned", StringComparison.OrdinalIgnoreCase);

    private static List<string> Stems(string text)
    {
        string plain = string.Concat(text.ToLowerInvariant().Where(c => !char.IsPunctuation(c) && !char.IsSymbol(c)));
        return [.. plain.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(w => !Dropped.Contains(w)).Select(PorterStemmer.Stem)];
    }
}
