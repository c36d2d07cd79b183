using System.CommandLine;
using LatentDb.Cli.Evaluation.Data;
using LatentDb.Cli.Evaluation.Protocols;
using LatentDb.Cli.Evaluation.Scoring;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;

namespace LatentDb.Cli.Commands.Evaluating;

/// <summary>eval update: of two texts that contradict each other the later one must win.</summary>
internal sealed class UpdateVerb
{
    private readonly Option<string?> _changes = new("--changes") { Description = "Lines of {\"old\", \"new\", \"question\", \"old_answer\", \"new_answer\"}. Default: those of the shipped model.", HelpName = "file" };
    private readonly Option<string?> _unrelated = new("--unrelated") { Description = "Lines of {\"chunk\"} about other things. Default: those of the shipped model.", HelpName = "file" };
    private readonly Option<string> _distances = new("--distances") { Description = "'b+a': b unrelated writes between the two texts, a after the second; 'same': both in one text.", DefaultValueFactory = _ => "same,0+0,2+2,13+2,13+12,30+20" };
    private readonly Option<string> _score = new("--score") { Description = $"How an answer is judged: {string.Join(", ", AnswerScores.Names)}.", DefaultValueFactory = _ => "exact" };
    private readonly RunOptions _run = new(maxTokens: 16);

    public Command Create(CliSettings settings)
    {
        var command = new Command("update", "Contradict a fact and ask: the newest must win.") { _changes, _unrelated, _distances, _score };
        _score.AcceptOnlyFromAmong([.. AnswerScores.Names]);
        _run.AddTo(command);
        command.Runs(settings, RunAsync);
        return command;
    }

    private async Task RunAsync(LatentDbClient client, AnswerWriter output, ParseResult parsed, CancellationToken cancellationToken)
    {
        UpdateDistance[] distances = [.. parsed.GetRequiredValue(_distances).Split(',').Select(UpdateDistance.Parse)];
        string changes = parsed.GetValue(_changes) ?? ShippedData.Find("updates.jsonl");
        string unrelated = parsed.GetValue(_unrelated) ?? ShippedData.Find("unrelated.jsonl");
        IReadOnlyList<UnrelatedText> others = await JsonLines.ReadAsync<UnrelatedText>(unrelated, null, cancellationToken).ConfigureAwait(false);
        var between = new RetentionData("update", [], [.. others.Select(o => o.Chunk)], string.Empty, await JsonLines.DigestAsync(unrelated, cancellationToken).ConfigureAwait(false), SameOrder: false);
        var data = new ChangeData(
            await JsonLines.ReadAsync<Change>(changes, _run.Limit(parsed), cancellationToken).ConfigureAwait(false),
            await JsonLines.DigestAsync(changes, cancellationToken).ConfigureAwait(false),
            between);
        await _run.RunAsync(client, new Update(data, distances, parsed.GetRequiredValue(_score)), "Contradicted facts", null, output, parsed, cancellationToken).ConfigureAwait(false);
    }
}
