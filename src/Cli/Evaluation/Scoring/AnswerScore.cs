namespace LatentDb.Cli.Evaluation.Scoring;

/// <summary>What an answer is worth, 0 to 1.</summary>
internal delegate double AnswerScore(string answer, string expected);

/// <summary>The rules by name.</summary>
internal static class AnswerScores
{
    public static IReadOnlyList<string> Names { get; } = ["exact", "contains", "f1"];

    public static AnswerScore Of(string name) => name switch
    {
        "exact" => Exact,
        "contains" => Contains,
        "f1" => TokenF1.Score,
        _ => throw new UsageException($"'{name}' is no rule for answers; {string.Join(", ", Names)} are."),
    };

    /// <summary>The whole answer, white space at its ends aside.</summary>
    public static double Exact(string answer, string expected) => string.Equals(answer.Trim(), expected.Trim(), StringComparison.Ordinal) ? 1 : 0;

    /// <summary>The papers' rule for SQuAD and NaturalQA: the expected words stand somewhere in the answer, case and all.</summary>
    public static double Contains(string answer, string expected) => answer.Contains(expected.Trim(), StringComparison.Ordinal) ? 1 : 0;
}
