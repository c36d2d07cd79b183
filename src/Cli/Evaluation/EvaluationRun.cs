using LatentDb.Cli.Evaluation.Protocols;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Evaluation;

/// <summary>Runs the items of a protocol that are not in the journal yet, several memories at once.</summary>
internal sealed class EvaluationRun(LatentDbClient client, IProtocol protocol, EvaluationSettings settings)
{
    public async Task<IReadOnlyList<Measurement>> RunAsync(string journalPath, IProgress<StoreProgress>? progress, CancellationToken cancellationToken)
    {
        Journal journal = await Journal.OpenAsync(journalPath, protocol.Name, Identity(), cancellationToken).ConfigureAwait(false);
        await using (journal.ConfigureAwait(false))
        {
            int[] open = [.. Enumerable.Range(0, protocol.Items).Where(i => !journal.IsDone(i))];
            int done = protocol.Items - open.Length;
            progress?.Report(new StoreProgress(protocol.Name, done, protocol.Items));
            var context = new ItemContext(client, settings, journal.Run);
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = settings.Parallel, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(open, parallel, async (item, ended) =>
            {
                IReadOnlyList<Measurement> measured = await protocol.RunAsync(context, item, ended).ConfigureAwait(false);
                await journal.AddAsync(item, measured, ended).ConfigureAwait(false);
                progress?.Report(new StoreProgress(protocol.Name, Interlocked.Increment(ref done), protocol.Items));
            }).ConfigureAwait(false);
            return journal.Measurements;
        }
    }

    private Dictionary<string, string> Identity() => new(protocol.Identity, StringComparer.Ordinal)
    {
        ["seed"] = settings.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["max_tokens"] = settings.MaxTokens.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["stop"] = string.Join('\u001f', settings.Stop),
        ["items"] = protocol.Items.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
