using System.CommandLine;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;
using LatentDb.Client.Models;
using Spectre.Console;

namespace LatentDb.Cli.Commands.Talking;

/// <summary>chat: a conversation with a memory, line by line, at a terminal or from standard input.</summary>
internal static class Chat
{
    private const int DefaultTurns = 4;

    public static Command Create(CliSettings settings)
    {
        var memory = new Argument<string>("memory") { Description = "The memory's id." };
        var remember = new Option<Remembered>("--remember") { Description = "What of the conversation is injected after each answer: none, user, exchange.", DefaultValueFactory = _ => Remembered.None };
        var turns = new Option<int>("--turns") { Description = "Earlier questions and answers that are sent with each question; 0 = none: the memory alone.", DefaultValueFactory = _ => DefaultTurns };
        var sampling = new Sampling();
        var command = new Command("chat", "Talk with a memory; /help inside tells what else can be said.") { memory, remember, turns };
        sampling.AddTo(command);
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            if (parsed.GetValue(turns) < 0) throw new UsageException("--turns must be 0 or more.");
            MemoryClient talkedWith = client.Memory(parsed.GetRequiredValue(memory));

            // A memory that does not exist is told before the first question is thought of.
            MemoryDescription head = await talkedWith.GetAsync(cancellationToken).ConfigureAwait(false);
            var session = new ChatSession(talkedWith, sampling.Request(parsed), parsed.GetValue(turns), parsed.GetValue(remember));
            await RunAsync(session, head, output, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task RunAsync(ChatSession session, MemoryDescription head, AnswerWriter output, CancellationToken cancellationToken)
    {
        bool isTerminal = !Console.IsInputRedirected && !output.IsJson;
        var commands = new ChatCommands(session, output);
        if (isTerminal) AnsiConsole.MarkupLineInterpolated($"[grey]{head.Id}, version {head.Version}, {head.Writes} writes. /help for more, /quit or Ctrl-D to end.[/]");
        while (await ReadLineAsync(session, isTerminal, cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                if (line is "/quit" or "/exit") return;
                if (line.StartsWith('/')) await commands.RunAsync(line, cancellationToken).ConfigureAwait(false);
                else await AnswerAsync(session, line, output, isTerminal, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (isTerminal && error is ApiProblemException or UsageException)
            {
                // At a terminal one refusal is no reason to end the conversation; in a script it is.
                AnsiConsole.MarkupLineInterpolated($"[red]{error.Message}[/]");
            }
        }
    }

    private static async Task<string?> ReadLineAsync(ChatSession session, bool isTerminal, CancellationToken cancellationToken)
    {
        if (isTerminal) AnsiConsole.MarkupInterpolated($"[bold]{session.Memory.Id}{(session.At is null ? string.Empty : $"@{session.At}")}>[/] ");
        return await Console.In.ReadLineAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task AnswerAsync(ChatSession session, string question, AnswerWriter output, bool isTerminal, CancellationToken cancellationToken)
    {
        QueryAnswer? whole = null;
        await foreach (QueryStep step in session.AskAsync(question, cancellationToken).ConfigureAwait(false))
        {
            if (step is QueryText piece && !output.IsJson) Console.Write(piece.Text);
            if (step is QueryDone done) whole = done.Answer;
        }

        if (!output.IsJson) Console.WriteLine();
        long? written = await session.RememberAsync(cancellationToken).ConfigureAwait(false);
        if (output.IsJson) output.WriteLine(new { question, answer = whole, remembered_as = written }, string.Empty);
        if (!isTerminal || whole is null) return;
        string kept = written is null ? string.Empty : $", remembered as version {written}";
        AnsiConsole.MarkupLineInterpolated($"[grey]version {whole.Version}, {whole.Usage.CompletionTokens} tokens, {whole.TimingsMs.Values.Sum():F0} ms{kept}[/]");
    }
}
