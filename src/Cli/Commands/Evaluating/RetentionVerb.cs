using System.CommandLine;
using LatentDb.Cli.Evaluation.Protocols;
using LatentDb.Cli.Evaluation.Reports;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;

namespace LatentDb.Cli.Commands.Evaluating;

/// <summary>eval retention: a fact, t unrelated texts, the question.</summary>
internal sealed class RetentionVerb
{
    private readonly Option<string> _steps = new("--steps") { Description = "Unrelated writes after which is asked.", DefaultValueFactory = _ => "0,1,2,4,8,16,32,64,128,256" };
    private readonly Option<string> _series = new("--series") { Description = "pool (the bank is not read, as in MemoryLLM), pool+bank (M+), or both.", DefaultValueFactory = _ => "pool,pool+bank" };
    private readonly FactOptions _facts = new();
    private readonly LawOptions _law = new();
    private readonly RunOptions _run = new(maxTokens: 16);

    public Command Create(CliSettings settings)
    {
        var command = new Command("retention", "Inject a fact, then t unrelated texts, then ask: accuracy over t, from the pool alone and with the bank.") { _steps, _series };
        _facts.AddTo(command);
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
        RetentionData data = await _facts.ReadAsync("retention", _run.Limit(parsed), parsed, cancellationToken).ConfigureAwait(false);
        var protocol = new Retention(data, steps, series, _facts.Score(parsed));
        await _run.RunAsync(client, protocol, "Knowledge retention", law, output, parsed, cancellationToken).ConfigureAwait(false);
    }
}
