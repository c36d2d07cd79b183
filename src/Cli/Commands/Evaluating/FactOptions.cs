using System.CommandLine;
using LatentDb.Cli.Evaluation.Data;
using LatentDb.Cli.Evaluation.Protocols;
using LatentDb.Cli.Evaluation.Scoring;

namespace LatentDb.Cli.Commands.Evaluating;

/// <summary>Which facts are told and asked, what lies between, and how answers are judged. By default the held-out set of the shipped model.</summary>
internal sealed class FactOptions
{
    private readonly Option<string?> _facts = new("--facts") { Description = "Lines of {\"chunk\", \"question\", \"answer\"}. Default: the held-out facts of the shipped model.", HelpName = "file" };
    private readonly Option<string?> _unrelated = new("--unrelated") { Description = "Lines of {\"chunk\"} about other things. Default: those of the shipped model.", HelpName = "file" };
    private readonly Option<string> _score = new("--score") { Description = $"How an answer is judged: {string.Join(", ", AnswerScores.Names)}.", DefaultValueFactory = _ => "exact" };

    public void AddTo(Command command)
    {
        command.Add(_facts);
        command.Add(_unrelated);
        command.Add(_score);
        _score.AcceptOnlyFromAmong([.. AnswerScores.Names]);
    }

    public string Score(ParseResult parsed) => parsed.GetRequiredValue(_score);

    public async Task<RetentionData> ReadAsync(string protocol, int? limit, ParseResult parsed, CancellationToken cancellationToken)
    {
        string facts = parsed.GetValue(_facts) ?? ShippedData.Find("heldout.jsonl");
        string unrelated = parsed.GetValue(_unrelated) ?? ShippedData.Find("unrelated.jsonl");
        IReadOnlyList<UnrelatedText> others = await JsonLines.ReadAsync<UnrelatedText>(unrelated, null, cancellationToken).ConfigureAwait(false);
        return new RetentionData(
            protocol,
            await JsonLines.ReadAsync<Fact>(facts, limit, cancellationToken).ConfigureAwait(false),
            [.. others.Select(o => o.Chunk)],
            await JsonLines.DigestAsync(facts, cancellationToken).ConfigureAwait(false),
            await JsonLines.DigestAsync(unrelated, cancellationToken).ConfigureAwait(false),
            SameOrder: false);
    }
}
