using System.Globalization;
using LatentDb.Cli.Evaluation.Data;
using LatentDb.Cli.Evaluation.Scoring;

namespace LatentDb.Cli.Evaluation.Protocols;

/// <summary>
/// Knowledge retention (2402.04624 section 4, 2502.00592 section 4.4): a text is injected, then t unrelated ones, then it is asked for. One memory
/// a fact; the same memory is asked at every t.
/// </summary>
internal sealed class Retention(RetentionData data, IReadOnlyList<int> steps, IReadOnlyList<RetentionSeries> series, string score) : IProtocol
{
    private readonly AnswerScore _score = AnswerScores.Of(score);

    public string Name => data.Name;

    public int Items => data.Facts.Count;

    public IReadOnlyDictionary<string, string> Identity { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["facts"] = data.FactsDigest,
        ["unrelated"] = data.UnrelatedDigest,
        ["steps"] = string.Join(',', steps.Select(s => s.ToString(CultureInfo.InvariantCulture))),
        ["series"] = string.Join(',', series.Select(s => s.Name)),
        ["score"] = score,
    };

    public async Task<IReadOnlyList<Measurement>> RunAsync(ItemContext context, int item, CancellationToken cancellationToken)
    {
        Fact fact = data.Facts[item];
        string[] others = data.Order(context.Settings.Seed, item, steps[^1]);
        List<Measurement> measured = [];
        Episode episode = await context.BeginAsync(item, cancellationToken).ConfigureAwait(false);
        await using (episode.ConfigureAwait(false))
        {
            await episode.TellAsync([fact.Chunk], cancellationToken).ConfigureAwait(false);
            int told = 0;
            foreach (int step in steps)
            {
                await episode.TellAsync(others[told..step], cancellationToken).ConfigureAwait(false);
                told = step;
                long bytes = await episode.BytesAsync(cancellationToken).ConfigureAwait(false);
                foreach (RetentionSeries one in series)
                {
                    string answer = await episode.AskAsync(fact.Question, one.UsesBank, cancellationToken).ConfigureAwait(false);
                    measured.Add(new Measurement(item, one.Name, step, _score(answer, fact.Answer), answer, fact.Answer, bytes));
                }
            }
        }

        return measured;
    }
}

/// <summary>A way of reading that is measured.</summary>
internal sealed record RetentionSeries(string Name, bool UsesBank)
{
    public static RetentionSeries Pool { get; } = new("pool", UsesBank: false);

    public static RetentionSeries PoolAndBank { get; } = new("pool+bank", UsesBank: true);

    /// <exception cref="UsageException">No such series.</exception>
    public static RetentionSeries Of(string name) =>
        name == Pool.Name ? Pool : name == PoolAndBank.Name ? PoolAndBank : throw new UsageException($"'{name}' is neither {Pool.Name} nor {PoolAndBank.Name}.");
}

/// <summary>What is asked and what lies between.</summary>
/// <param name="Name">Of the protocol.</param>
/// <param name="Facts">What is asked for.</param>
/// <param name="Unrelated">What comes after.</param>
/// <param name="FactsDigest">Of the file.</param>
/// <param name="UnrelatedDigest">Of the file.</param>
/// <param name="SameOrder">True: every fact is followed by the same texts, as in the papers; false: each by an order of its own.</param>
internal sealed record RetentionData(
    string Name, IReadOnlyList<Fact> Facts, IReadOnlyList<string> Unrelated, string FactsDigest, string UnrelatedDigest, bool SameOrder)
{
    /// <summary>The texts that follow a fact. More than there are begin anew in another order.</summary>
    public string[] Order(int seed, int item, int count)
    {
        if (SameOrder) return [.. Enumerable.Range(0, count).Select(i => Unrelated[i % Unrelated.Count])];
#pragma warning disable CA5394 // An order that can be repeated, not a secret.
        var random = new Random(HashCode(seed, item));
        List<string> order = [];
        while (order.Count < count)
        {
            string[] round = [.. Unrelated];
            random.Shuffle(round);
            order.AddRange(round);
        }
#pragma warning restore CA5394
        return [.. order.Take(count)];
    }

    /// <summary>The same in every process, unlike System.HashCode.</summary>
    private static int HashCode(int seed, int item) => unchecked((seed * 1_000_003) + item);
}
