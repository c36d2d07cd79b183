using LatentDb.Cli.Evaluation.Data;
using LatentDb.Cli.Evaluation.Scoring;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Evaluation.Protocols;

/// <summary>
/// What is taken back must be gone: after a rollback to the version before, and after an erase, a memory answers token for token as if the text had
/// never been injected. Series: what it answered while it knew ("told"), the guesses of the fresh memory ("fresh"), and the shares of answers
/// that were those of the fresh memory again.
/// </summary>
internal sealed class Forget(RetentionData data, string score) : IProtocol
{
    private readonly AnswerScore _score = AnswerScores.Of(score);

    public string Name => "forget";

    public int Items => data.Facts.Count;

    public IReadOnlyDictionary<string, string> Identity { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["facts"] = data.FactsDigest,
        ["score"] = score,
    };

    public async Task<IReadOnlyList<Measurement>> RunAsync(ItemContext context, int item, CancellationToken cancellationToken)
    {
        Fact fact = data.Facts[item];
        Episode episode = await context.BeginAsync(item, cancellationToken).ConfigureAwait(false);
        await using (episode.ConfigureAwait(false))
        {
            MemoryDescription before = await episode.Memory.GetAsync(cancellationToken).ConfigureAwait(false);
            string fresh = await AskAsync().ConfigureAwait(false);
            await episode.TellAsync([fact.Chunk], cancellationToken).ConfigureAwait(false);
            string told = await AskAsync().ConfigureAwait(false);

            string version = before.Version.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await episode.Memory.RollBackAsync(version, null, cancellationToken).ConfigureAwait(false);
            string rolledBack = await AskAsync().ConfigureAwait(false);

            await episode.TellAsync([fact.Chunk], cancellationToken).ConfigureAwait(false);
            await episode.StartOverAsync(cancellationToken).ConfigureAwait(false);
            string erased = await AskAsync().ConfigureAwait(false);
            return
            [
                new Measurement(item, "told", 0, _score(told, fact.Answer), told, fact.Answer),
                new Measurement(item, "fresh", 0, _score(fresh, fact.Answer), fresh, fact.Answer),
                new Measurement(item, "as fresh after rollback", 0, rolledBack == fresh ? 1 : 0, rolledBack, fresh),
                new Measurement(item, "as fresh after erase", 0, erased == fresh ? 1 : 0, erased, fresh),
            ];

            Task<string> AskAsync() => episode.AskAsync(fact.Question, useBank: true, cancellationToken);
        }
    }
}
