using System.CommandLine;
using LatentDb.Cli.Settings;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands;

/// <summary>inject: text from the command line, a file or standard input.</summary>
internal static class Inject
{
    public static Command Create(CliSettings settings)
    {
        var memory = new Argument<string>("memory") { Description = "The memory's id." };
        var text = new Argument<string?>("text") { Arity = ArgumentArity.ZeroOrOne, Description = "What it shall hold; from standard input when absent or '-'." };
        var file = new Option<string?>("--file") { Description = "Read the text from this file." };
        var seed = new Option<ulong?>("--seed") { Description = "What the random drops are drawn from." };
        var ifVersion = new Option<long?>("--if-version") { Description = "Refuse unless this is the newest version." };
        var key = new Option<string?>("--key") { Description = "Idempotency key: a second inject under it writes nothing." };
        Option<string?> metadata = JsonObjectOption.Create("version");
        var command = new Command("inject", "Write text into a memory.") { memory, text, file, seed, ifVersion, key, metadata };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            string words = await ReadTextAsync(parsed.GetValue(text), parsed.GetValue(file), cancellationToken).ConfigureAwait(false);
            var request = new InjectRequest { Text = words, Seed = parsed.GetValue(seed), Metadata = JsonObjectOption.Parse(parsed.GetValue(metadata)) };
            var options = new WriteOptions { IfVersion = parsed.GetValue(ifVersion), IdempotencyKey = parsed.GetValue(key) };
            InjectAnswer answer = await client.Memory(parsed.GetRequiredValue(memory)).InjectAsync(request, options, cancellationToken).ConfigureAwait(false);
            string what = answer.IsReplay ? "was written before under this key" : $"{answer.Tokens} tokens in {answer.Chunks} chunk(s), {answer.TimingsMs.Values.Sum():F0} ms";
            output.Write(answer, $"version {answer.Version}: {what}");
        });
        return command;
    }

    private static async Task<string> ReadTextAsync(string? text, string? file, CancellationToken cancellationToken)
    {
        if (text is not null && file is not null) throw new UsageException("Give the text or --file, not both.");
        if (text is not null and not "-") return text;

        // The line end that every text file and echo ends with says nothing.
        string read = file is not null
            ? await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false)
            : await Console.In.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        return read.TrimEnd('\r', '\n');
    }
}
