using System.CommandLine;
using System.Globalization;
using LatentDb.Cli.Evaluation;
using LatentDb.Cli.Evaluation.Protocols;
using LatentDb.Cli.Evaluation.Reports;
using LatentDb.Cli.Output;
using LatentDb.Client;

namespace LatentDb.Cli.Commands.Evaluating;

/// <summary>What every protocol can be told, and how it is run.</summary>
internal sealed class RunOptions
{
    private readonly Option<string?> _out = new("--out", "-o") { Description = "Folder for journal and report; a run that was interrupted goes on from its journal. Default: eval-<protocol>.", HelpName = "folder" };
    private readonly Option<int?> _limit = new("--limit") { Description = "Take only the first so many questions, or conversations." };
    private readonly Option<int> _seed = new("--seed") { Description = "Everything random is drawn from it.", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _parallel = new("--parallel") { Description = "Memories at once.", DefaultValueFactory = _ => 4 };
    private readonly Option<int> _maxTokens;
    private readonly Option<string[]> _stop = new("--stop") { Description = "A string that ends an answer; may be given more than once." };
    private readonly Option<bool> _keep = new("--keep") { Description = "Leave the memories on the server." };

    public RunOptions(int maxTokens) => _maxTokens = new Option<int>("--max-tokens") { Description = "Longest answer.", DefaultValueFactory = _ => maxTokens };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _out, _limit, _seed, _parallel, _maxTokens, _stop, _keep }) command.Add(option);
        Validate(_parallel, 1, 256);
        Validate(_maxTokens, 1, 4096);
        Validate(_seed, 0, 4095);
        _limit.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int?>() is < 1) r.AddError("--limit must be at least 1.");
        });
    }

    public int? Limit(ParseResult parsed) => parsed.GetValue(_limit);

    /// <summary>Runs what is left of the protocol and writes the report.</summary>
    public async Task RunAsync(LatentDbClient client, IProtocol protocol, string title, RetentionLaw? law, AnswerWriter output, ParseResult parsed, CancellationToken cancellationToken)
    {
        string folder = parsed.GetValue(_out) ?? $"eval-{protocol.Name}";
        Directory.CreateDirectory(folder);
        var settings = new EvaluationSettings(
            parsed.GetValue(_seed), parsed.GetValue(_parallel), parsed.GetValue(_maxTokens), parsed.GetValue(_stop) ?? [], parsed.GetValue(_keep));
        var run = new EvaluationRun(client, protocol, settings);
        IReadOnlyList<Measurement> measured = await ProgressBar.RunStagesAsync(
            output, progress => run.RunAsync(Path.Combine(folder, "journal.jsonl"), progress, cancellationToken)).ConfigureAwait(false);
        var facts = new ReportFacts(protocol.Name, title, law, [.. Describe(protocol, settings)]);
        EvaluationReport report = await new ReportFiles(folder, facts).WriteAsync(measured, cancellationToken).ConfigureAwait(false);
        Print(report, output);
    }

    private static IEnumerable<KeyValuePair<string, string>> Describe(IProtocol protocol, EvaluationSettings settings)
    {
        yield return new("items", protocol.Items.ToString(CultureInfo.InvariantCulture));
        yield return new("seed", settings.Seed.ToString(CultureInfo.InvariantCulture));
        yield return new("longest answer", $"{settings.MaxTokens.ToString(CultureInfo.InvariantCulture)} tokens, greedy");
        foreach (KeyValuePair<string, string> one in protocol.Identity) yield return one;
    }

    private static void Print(EvaluationReport report, AnswerWriter output)
    {
        if (output.IsJson)
        {
            output.Write(report, string.Empty);
            return;
        }

        output.WriteTable(report.Rows, ["series", "step", "accuracy", "95 % interval", "questions"], r =>
        [
            r.Series,
            r.Step.ToString(CultureInfo.InvariantCulture),
            r.Accuracy.ToString("0.0 %", CultureInfo.InvariantCulture),
            string.Create(CultureInfo.InvariantCulture, $"{r.Low:0.0 %} to {r.High:0.0 %}"),
            r.Questions.ToString(CultureInfo.InvariantCulture),
        ]);
        output.WriteLine(report.Folder, $"Report in {report.Folder}");
    }

    private static void Validate(Option<int> option, int least, int most) => option.Validators.Add(r =>
    {
        int value = r.GetValueOrDefault<int>();
        if (value < least || value > most) r.AddError($"{option.Name} must be {least} to {most}.");
    });
}
