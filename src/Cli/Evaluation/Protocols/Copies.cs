using System.Globalization;
using LatentDb.Cli.Evaluation.Data;
using LatentDb.Cli.Evaluation.Scoring;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Evaluation.Protocols;

/// <summary>
/// The same version is the same memory wherever it went: rolled back to, forked, exported and imported, it answers token for token as before.
/// </summary>
internal sealed class Copies(RetentionData data, int writes, string score) : IProtocol
{
    private readonly AnswerScore _score = AnswerScores.Of(score);

    public string Name => "copies";

    public int Items => data.Facts.Count;

    public IReadOnlyDictionary<string, string> Identity { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["facts"] = data.FactsDigest,
        ["unrelated"] = data.UnrelatedDigest,
        ["writes"] = writes.ToString(CultureInfo.InvariantCulture),
        ["score"] = score,
    };

    public async Task<IReadOnlyList<Measurement>> RunAsync(ItemContext context, int item, CancellationToken cancellationToken)
    {
        Fact fact = data.Facts[item];
        string[] others = data.Order(context.Settings.Seed, item, writes + 1);
        Episode episode = await context.BeginAsync(item, cancellationToken).ConfigureAwait(false);
        await using (episode.ConfigureAwait(false))
        {
            await episode.TellAsync([fact.Chunk, .. others[..writes]], cancellationToken).ConfigureAwait(false);
            MemoryDescription version = await episode.Memory.GetAsync(cancellationToken).ConfigureAwait(false);
            string first = await episode.AskAsync(fact.Question, useBank: true, cancellationToken).ConfigureAwait(false);
            List<Measurement> measured = [new Measurement(item, "told", 0, _score(first, fact.Answer), first, fact.Answer)];

            await episode.TellAsync(others[writes..], cancellationToken).ConfigureAwait(false);
            await episode.Memory.RollBackAsync(version.Version.ToString(CultureInfo.InvariantCulture), null, cancellationToken).ConfigureAwait(false);
            await CompareAsync("rolled back", episode).ConfigureAwait(false);

            string forked = $"{episode.Memory.Id}.fork";
            await episode.Memory.ForkAsync(new ForkRequest(forked), null, cancellationToken).ConfigureAwait(false);
            await CompareAndEraseAsync("forked", forked).ConfigureAwait(false);

            string imported = $"{episode.Memory.Id}.import";
            var archive = new MemoryStream();
            await using (archive.ConfigureAwait(false))
            {
                await episode.Memory.ExportAsync(archive, cancellationToken: cancellationToken).ConfigureAwait(false);
                archive.Position = 0;
                await context.Client.ImportAsync(archive, new ImportOptions { Id = imported }, null, cancellationToken).ConfigureAwait(false);
            }

            await CompareAndEraseAsync("exported and imported", imported).ConfigureAwait(false);
            return measured;

            async Task CompareAndEraseAsync(string series, string name)
            {
                Episode copy = episode.Over(context.Client.Memory(name));
                await using (copy.ConfigureAwait(false)) await CompareAsync(series, copy).ConfigureAwait(false);
            }

            async Task CompareAsync(string series, Episode copy)
            {
                string answer = await copy.AskAsync(fact.Question, useBank: true, cancellationToken).ConfigureAwait(false);
                measured.Add(new Measurement(item, series, 0, answer == first ? 1 : 0, answer, first));
            }
        }
    }
}
