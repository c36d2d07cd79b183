using LatentDb.Cli.Evaluation.Protocols;

namespace LatentDb.Cli.Evaluation.Data;

/// <summary>
/// SQuAD turned into a retention run as the papers do it: short answers only, unrelated texts from the training file, the same for every question.
/// The papers cut texts at 512 tokens; this side of the server has no tokenizer, so texts are cut at words.
/// </summary>
/// <param name="AnswerWords">Longest answer, in words.</param>
/// <param name="ContextWords">Where a text is cut. 512 tokens of Llama are about 380 English words.</param>
/// <param name="ContextFormat">What is injected; {0} is the paragraph.</param>
/// <param name="QuestionFormat">The prompt; {0} is the question.</param>
internal sealed record SquadRetention(int AnswerWords, int ContextWords, string ContextFormat, string QuestionFormat)
{
    public async Task<RetentionData> ReadAsync(string questionFile, string unrelatedFile, int? limit, int unrelatedCount, CancellationToken cancellationToken)
    {
        SquadFile asked = await SquadFile.ReadAsync(questionFile, cancellationToken).ConfigureAwait(false);
        SquadFile others = await SquadFile.ReadAsync(unrelatedFile, cancellationToken).ConfigureAwait(false);
        List<Fact> facts = [];
        foreach (SquadQuestion question in asked.Questions)
        {
            if (facts.Count == limit) break;
            if (Words(question.Answer).Length > AnswerWords || question.Answer.Trim().Length == 0) continue;
            string context = Cut(question.Context);
            if (!context.Contains(question.Answer, StringComparison.Ordinal)) continue;
            facts.Add(new Fact(Fill(ContextFormat, context), Fill(QuestionFormat, question.Question), question.Answer));
        }

        if (facts.Count == 0) throw new UsageException($"'{questionFile}' has no question with an answer of up to {AnswerWords} words.");
        return new RetentionData(
            "squad-retention",
            facts,
            [.. Join(others.Contexts).Take(unrelatedCount)],
            await JsonLines.DigestAsync(questionFile, cancellationToken).ConfigureAwait(false),
            await JsonLines.DigestAsync(unrelatedFile, cancellationToken).ConfigureAwait(false),
            SameOrder: true);
    }

    /// <summary>Paragraphs one after the other until they are long enough, then cut.</summary>
    private IEnumerable<string> Join(IReadOnlyList<string> contexts)
    {
        List<string> words = [];
        foreach (string context in contexts)
        {
            words.AddRange(Words(context));
            if (words.Count < ContextWords) continue;
            yield return string.Join(' ', words.Take(ContextWords));
            words.Clear();
        }
    }

    private string Cut(string text) => string.Join(' ', Words(text).Take(ContextWords));

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static string Fill(string format, string value) => format.Replace("{0}", value, StringComparison.Ordinal);
}
