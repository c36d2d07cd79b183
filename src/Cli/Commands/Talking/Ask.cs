using System.CommandLine;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands;

/// <summary>ask: a question to a memory; the answer is printed as it comes.</summary>
internal static class Ask
{
    public static Command Create(CliSettings settings)
    {
        var memory = new Argument<string>("memory") { Description = "The memory's id." };
        var question = new Argument<string>("question") { Description = "Sent as a message of the user; with --prompt as plain text to be continued." };
        var prompt = new Option<bool>("--prompt") { Description = "The question is text that the model continues." };
        var at = new Option<string?>("--at") { Description = "Version number, RFC 3339 time or snapshot name." };
        var maxTokens = new Option<int?>("--max-tokens") { Description = "At most this many new tokens." };
        var temperature = new Option<double?>("--temperature") { Description = "0 (greedy) to 2." };
        var seed = new Option<ulong?>("--seed") { Description = "What sampling draws from." };
        var command = new Command("ask", "Ask the model with a memory.") { memory, question, prompt, at, maxTokens, temperature, seed };
        command.Runs(settings, (client, output, parsed, cancellationToken) =>
        {
            string words = parsed.GetRequiredValue(question);
            bool isPlain = parsed.GetValue(prompt);
            var request = new QueryRequest
            {
                Prompt = isPlain ? words : null,
                Messages = isPlain ? null : [new Message("user", words)],
                At = parsed.GetValue(at),
                MaxTokens = parsed.GetValue(maxTokens),
                Temperature = parsed.GetValue(temperature),
                Seed = parsed.GetValue(seed),
            };
            return AnswerAsync(client.Memory(parsed.GetRequiredValue(memory)), request, output, cancellationToken);
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
