using System.CommandLine;
using LatentDb.Cli.Evaluation.Protocols;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;

namespace LatentDb.Cli.Commands.Evaluating;

/// <summary>eval forget, isolation and copies: laws that hold for each fact by itself.</summary>
/// <param name="name">Of the verb.</param>
/// <param name="description">What must hold.</param>
/// <param name="protocol">Facts, rule and unrelated writes to the protocol.</param>
internal sealed class FactVerb(string name, string description, Func<RetentionData, string, int, IProtocol> protocol)
{
    private readonly Option<int> _writes = new("--writes") { Description = "Unrelated writes after the fact (copies only).", DefaultValueFactory = _ => 12 };
    private readonly FactOptions _facts = new();
    private readonly RunOptions _run = new(maxTokens: 16);

    public Command Create(CliSettings settings)
    {
        var command = new Command(name, description);
        if (name == "copies") command.Add(_writes);
        _facts.AddTo(command);
        _run.AddTo(command);
        command.Runs(settings, RunAsync);
        return command;
    }

    private async Task RunAsync(LatentDbClient client, AnswerWriter output, ParseResult parsed, CancellationToken cancellationToken)
    {
        RetentionData data = await _facts.ReadAsync(name, _run.Limit(parsed), parsed, cancellationToken).ConfigureAwait(false);
        int writes = name == "copies" ? parsed.GetRequiredValue(_writes) : 0;
        if (writes is < 0 or > 100_000) throw new UsageException("--writes must be 0 to 100000.");
        await _run.RunAsync(client, protocol(data, _facts.Score(parsed), writes), description, null, output, parsed, cancellationToken).ConfigureAwait(false);
    }
}
