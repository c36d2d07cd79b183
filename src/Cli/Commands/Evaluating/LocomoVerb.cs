using System.CommandLine;
using LatentDb.Cli.Evaluation.Data;
using LatentDb.Cli.Evaluation.Protocols;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;

namespace LatentDb.Cli.Commands.Evaluating;

/// <summary>eval locomo: long conversations, questions of five types, F1 by type.</summary>
internal sealed class LocomoVerb
{
    private readonly Argument<string> _file = new("file") { Description = "The data set, such as locomo10.json." };
    private readonly Option<string> _format = new("--question-format")
    {
        Description = "The prompt; {0} is the question.",
        DefaultValueFactory = _ => "Write an answer in the form of a short phrase for the following question. Answer with exact words from the conversation whenever possible.\n\nQuestion: {0} Short answer:",
    };

    private readonly RunOptions _run = new(maxTokens: 32);

    public Command Create(CliSettings settings)
    {
        var command = new Command("locomo", "LoCoMo: inject the sessions of a conversation, ask its questions, F1 by type.") { _file, _format };
        _run.AddTo(command);
        command.Runs(settings, RunAsync);
        return command;
    }

    private async Task RunAsync(LatentDbClient client, AnswerWriter output, ParseResult parsed, CancellationToken cancellationToken)
    {
        string file = parsed.GetRequiredValue(_file);
        string format = parsed.GetRequiredValue(_format);
        if (!format.Contains("{0}", StringComparison.Ordinal)) throw new UsageException("--question-format needs {0} where the question stands.");
        var protocol = new Locomo(
            await LocomoFile.ReadAsync(file, _run.Limit(parsed), cancellationToken).ConfigureAwait(false),
            await JsonLines.DigestAsync(file, cancellationToken).ConfigureAwait(false),
            format);
        await _run.RunAsync(client, protocol, "LoCoMo, F1 by question type", null, output, parsed, cancellationToken).ConfigureAwait(false);
    }
}
