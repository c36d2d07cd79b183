using System.Globalization;
using LatentDb.Cli.Evaluation.Data;
using LatentDb.Cli.Evaluation.Scoring;

namespace LatentDb.Cli.Evaluation.Protocols;

/// <summary>
/// Contradicted facts: one text says it, a later one says otherwise, and the later one must win. For each distance "b+a": b unrelated texts between
/// the two, a after the second. Distance "same": both in one text.
/// </summary>
internal sealed class Update(ChangeData data, IReadOnlyList<UpdateDistance> distances, string score) : IProtocol
{
    private readonly AnswerScore _score = AnswerScores.Of(score);

    public string Name => "update";

    public int Items => data.Changes.Count;

    public IReadOnlyDictionary<string, string> Identity { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["changes"] = data.ChangesDigest,
        ["unrelated"] = data.Unrelated.UnrelatedDigest,
        ["distances"] = string.Join(',', distances.Select(d => d.Name)),
        ["score"] = score,
    };

    public async Task<IReadOnlyList<Measurement>> RunAsync(ItemContext context, int item, CancellationToken cancellationToken)
    {
        Change change = data.Changes[item];
        List<Measurement> measured = [];
        foreach (UpdateDistance distance in distances)
        {
            string[] others = data.Unrelated.Order(context.Settings.Seed, item, distance.Between + distance.After);
            string[] texts = distance.IsSameText
                ? [$"{change.Old} {change.New}"]
                : [change.Old, .. others[..distance.Between], change.New, .. others[distance.Between..]];
            Episode episode = await context.BeginAsync(item, cancellationToken).ConfigureAwait(false);
            await using (episode.ConfigureAwait(false))
            {
                await episode.TellAsync(texts, cancellationToken).ConfigureAwait(false);
                string answer = await episode.AskAsync(change.Question, useBank: true, cancellationToken).ConfigureAwait(false);
                measured.Add(new Measurement(item, $"{distance.Name} newest", 0, _score(answer, change.NewAnswer), answer, change.NewAnswer));
                measured.Add(new Measurement(item, $"{distance.Name} outdated", 0, _score(answer, change.OldAnswer), answer, change.OldAnswer));
            }
        }

        return measured;
    }
}

/// <summary>How far apart.</summary>
internal sealed record UpdateDistance(string Name, int Between, int After)
{
    public bool IsSameText => Name == "same";

    /// <exception cref="UsageException">Neither "same" nor two numbers.</exception>
    public static UpdateDistance Parse(string text)
    {
        if (text == "same") return new UpdateDistance(text, 0, 0);
        string[] parts = text.Split('+');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int between)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int after)
            ? new UpdateDistance(text, between, after)
            : throw new UsageException($"'{text}' is no distance: give 'same', or writes between and after such as '13+12'.");
    }
}

/// <summary>What is contradicted, and what lies between.</summary>
internal sealed record ChangeData(IReadOnlyList<Change> Changes, string ChangesDigest, RetentionData Unrelated);
