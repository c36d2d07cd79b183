using System.CommandLine;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Talking;

/// <summary>ask: a question to a memory; the answer is printed as it comes.</summary>
internal static class Ask
{
    public static Command Create(CliSettings settings)
    {
        var memory = new Argument<string>("memory") { Description = "The memory's id." };
        var question = new Argument<string?>("question") { Arity = ArgumentArity.ZeroOrOne, Description = "Sent as a message of the user; with --prompt as plain text to be continued. From standard input when absent or '-'." };
        var prompt = new Option<bool>("--prompt") { Description = "The question is text that the model continues." };
        var sampling = new Sampling();
        var command = new Command("ask", "Ask the model with a memory.") { memory, question, prompt };
        sampling.AddTo(command);
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            string words = parsed.GetValue(question) is { } text and not "-" ? text : (await Console.In.ReadToEndAsync(cancellationToken).ConfigureAwait(false)).TrimEnd('\r', '\n');
            QueryRequest request = parsed.GetValue(prompt)
                ? sampling.Request(parsed) with { Prompt = words }
                : sampling.Request(parsed) with { Messages = [new Message("user", words)] };
            await AnswerAsync(client.Memory(parsed.GetRequiredValue(memory)), request, output, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task AnswerAsync(MemoryClient memory, QueryRequest request, AnswerWriter output, CancellationToken cancellationToken)
    {
        if (output.IsJson)
        {
            QueryAnswer whole = await memory.QueryAsync(request, cancellationToken).ConfigureAwait(false);
            output.Write(whole, whole.Text);
            return;
        }

        await foreach (QueryStep step in memory.StreamAsync(request, cancellationToken).ConfigureAwait(false))
        {
            if (step is QueryText piece) Console.Write(piece.Text);
        }

        Console.WriteLine();
    }
}
