using System.Globalization;
using LatentDb.Cli.Evaluation.Data;
using LatentDb.Cli.Evaluation.Scoring;

namespace LatentDb.Cli.Evaluation.Protocols;

/// <summary>LoCoMo: the sessions of a conversation are injected in order, one text each; then all its questions are asked.</summary>
/// <param name="samples">The conversations.</param>
/// <param name="digest">Of the file.</param>
/// <param name="questionFormat">The prompt; {0} is the question.</param>
internal sealed class Locomo(IReadOnlyList<LocomoSample> samples, string digest, string questionFormat) : IProtocol
{
    /// <summary>The data set's own words for questions about time.</summary>
    private const string TimeHint = " Use DATE of CONVERSATION to answer with an approximate date.";

    private const int Temporal = 2;

    public string Name => "locomo";

    public int Items => samples.Count;

    public IReadOnlyDictionary<string, string> Identity { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["file"] = digest,
        ["samples"] = samples.Count.ToString(CultureInfo.InvariantCulture),
        ["question_format"] = questionFormat,
    };

    public async Task<IReadOnlyList<Measurement>> RunAsync(ItemContext context, int item, CancellationToken cancellationToken)
    {
        List<Measurement> measured = [];
        Episode episode = await context.BeginAsync(item, cancellationToken).ConfigureAwait(false);
        await using (episode.ConfigureAwait(false))
        {
            await episode.TellAsync(samples[item].Sessions, cancellationToken).ConfigureAwait(false);
            foreach (LocomoQuestion question in samples[item].Questions)
            {
                string words = question.Category == Temporal ? question.Question + TimeHint : question.Question;
                string answer = await episode.AskAsync(questionFormat.Replace("{0}", words, StringComparison.Ordinal), useBank: true, cancellationToken).ConfigureAwait(false);
                double score = LocomoScore.Score(question.Category, answer, question.Answer);
                measured.Add(new Measurement(item, LocomoScore.NameOf(question.Category), 0, score, answer, question.Answer));
            }
        }

        return measured;
    }
}
