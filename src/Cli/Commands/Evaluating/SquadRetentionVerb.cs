using System.CommandLine;
using LatentDb.Cli.Evaluation.Data;
using LatentDb.Cli.Evaluation.Protocols;
using LatentDb.Cli.Evaluation.Reports;
using LatentDb.Cli.Evaluation.Scoring;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;

namespace LatentDb.Cli.Commands.Evaluating;

/// <summary>eval squad-retention: the papers' protocol on files in the layout of SQuAD.</summary>
internal sealed class SquadRetentionVerb
{
    private readonly Argument<string> _questions = new("questions") { Description = "File with the questions, such as dev-v1.1.json." };
    private readonly Argument<string> _unrelated = new("unrelated") { Description = "File with the unrelated paragraphs, such as train-v1.1.json." };
    private readonly Option<string> _steps = new("--steps") { Description = "Unrelated writes after which is asked.", DefaultValueFactory = _ => "0,10,20,30,40,50,60" };
    private readonly Option<string> _series = new("--series") { Description = "pool, pool+bank, or both.", DefaultValueFactory = _ => "pool,pool+bank" };
    private readonly Option<string> _format = new("--format") { Description = "memoryllm (\"Context: ...\", \"Questions: ... Answer:\") or mplus (the paragraph as it is, \"Question: ... Answer:\").", DefaultValueFactory = _ => "mplus" };
    private readonly Option<int> _answerWords = new("--answer-words") { Description = "Only questions with answers of up to so many words; the papers take up to 3 tokens.", DefaultValueFactory = _ => 3 };
    private readonly Option<int> _contextWords = new("--context-words") { Description = "Where texts are cut; 512 tokens of Llama are about 380 words.", DefaultValueFactory = _ => 380 };
    private readonly Option<string> _score = new("--score") { Description = $"How an answer is judged: {string.Join(", ", AnswerScores.Names)}.", DefaultValueFactory = _ => "contains" };
    private readonly LawOptions _law = new();
    private readonly RunOptions _run = new(maxTokens: 10);

    public Command Create(CliSettings settings)
    {
        var command = new Command("squad-retention", "The papers' retention protocol on SQuAD files: for real checkpoints.") { _questions, _unrelated, _steps, _series, _format, _answerWords, _contextWords, _score };
        _format.AcceptOnlyFromAmong("memoryllm", "mplus");
        _score.AcceptOnlyFromAmong([.. AnswerScores.Names]);
        _law.AddTo(command);
        _run.AddTo(command);
        command.Runs(settings, RunAsync);
        return command;
    }

    private async Task RunAsync(LatentDbClient client, AnswerWriter output, ParseResult parsed, CancellationToken cancellationToken)
    {
        int[] steps = NumberList.Parse(parsed.GetRequiredValue(_steps), "--steps");
        RetentionSeries[] series = [.. parsed.GetRequiredValue(_series).Split(',').Select(RetentionSeries.Of)];
        RetentionLaw? law = _law.Read(parsed);
        (string context, string question) = parsed.GetRequiredValue(_format) == "memoryllm" ? ("Context: {0}", "Questions: {0} Answer:") : ("{0}", "Question: {0} Answer:");
        var files = new SquadRetention(parsed.GetRequiredValue(_answerWords), parsed.GetRequiredValue(_contextWords), context, question);
        RetentionData data = await files.ReadAsync(
            parsed.GetRequiredValue(_questions), parsed.GetRequiredValue(_unrelated), _run.Limit(parsed), Math.Max(1, steps[^1]), cancellationToken).ConfigureAwait(false);
        var protocol = new Retention(data, steps, series, parsed.GetRequiredValue(_score));
        await _run.RunAsync(client, protocol, "Knowledge retention, SQuAD", law, output, parsed, cancellationToken).ConfigureAwait(false);
    }
}
