using System.CommandLine;
using LatentDb.Cli.Settings;
using Spectre.Console;

namespace LatentDb.Cli.Commands;

/// <summary>erase: a memory, for good. Asks first, because nothing brings it back.</summary>
internal static class Erase
{
    /// <param name="settings">The common options.</param>
    /// <param name="name">erase, or its other name below memories.</param>
    public static Command Create(CliSettings settings, string name = "erase")
    {
        var id = new Argument<string>("memory") { Description = "The memory's id." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Command(name, "Erase a memory with all its versions for good; forks of it stay.") { id, yes };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            string memory = parsed.GetRequiredValue(id);
            if (!parsed.GetValue(yes)) await RequireConsentAsync(memory, cancellationToken).ConfigureAwait(false);
            await client.Memory(memory).EraseAsync(null, cancellationToken).ConfigureAwait(false);
            output.Write(new { id = memory, erased = true }, $"{memory} is erased.");
        });
        return command;
    }

    /// <exception cref="UsageException">Nobody can be asked.</exception>
    /// <exception cref="DeclinedException">The answer was no.</exception>
    private static async Task RequireConsentAsync(string memory, CancellationToken cancellationToken)
    {
        if (Console.IsInputRedirected || Console.IsOutputRedirected) throw new UsageException("Erasing cannot be undone; without a terminal to ask at, say --yes.");
        var question = new ConfirmationPrompt($"Erase {Markup.Escape(memory)} with all its versions? Nothing brings it back.") { DefaultValue = false };
        if (!await question.ShowAsync(AnsiConsole.Console, cancellationToken).ConfigureAwait(false)) throw new DeclinedException("Nothing was erased.");
    }
}
