using LatentDb.Cli.Evaluation.Data;
using LatentDb.Cli.Evaluation.Scoring;

namespace LatentDb.Cli.Evaluation.Protocols;

/// <summary>
/// What one memory is told, another must not know: two memories with a fact each, asked for both. The other's answer must be the one that it gave
/// before the first was told anything.
/// </summary>
internal sealed class Isolation(RetentionData data, string score) : IProtocol
{
    private readonly AnswerScore _score = AnswerScores.Of(score);

    public string Name => "isolation";

    public int Items => data.Facts.Count;

    public IReadOnlyDictionary<string, string> Identity { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["facts"] = data.FactsDigest,
        ["score"] = score,
    };

    public async Task<IReadOnlyList<Measurement>> RunAsync(ItemContext context, int item, CancellationToken cancellationToken)
    {
        Fact fact = data.Facts[item];
        Fact another = data.Facts[(item + 1) % data.Facts.Count];
        Episode owner = await context.BeginAsync(item, cancellationToken, ".owner").ConfigureAwait(false);
        await using (owner.ConfigureAwait(false))
        {
            Episode neighbour = await context.BeginAsync(item, cancellationToken, ".neighbour").ConfigureAwait(false);
            await using (neighbour.ConfigureAwait(false))
            {
                await neighbour.TellAsync([another.Chunk], cancellationToken).ConfigureAwait(false);
                string before = await neighbour.AskAsync(fact.Question, useBank: true, cancellationToken).ConfigureAwait(false);
                await owner.TellAsync([fact.Chunk], cancellationToken).ConfigureAwait(false);
                string own = await owner.AskAsync(fact.Question, useBank: true, cancellationToken).ConfigureAwait(false);
                string after = await neighbour.AskAsync(fact.Question, useBank: true, cancellationToken).ConfigureAwait(false);
                return
                [
                    new Measurement(item, "owner", 0, _score(own, fact.Answer), own, fact.Answer),
                    new Measurement(item, "neighbour", 0, _score(after, fact.Answer), after, fact.Answer),
                    new Measurement(item, "neighbour as before", 0, after == before ? 1 : 0, after, before),
                ];
            }
        }
    }
}
