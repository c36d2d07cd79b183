using System.CommandLine;
using System.Globalization;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Writing;

/// <summary>operations list | get | wait | cancel: writes that were handed over to be made later.</summary>
internal static class Operations
{
    private const int DefaultLimit = 20;

    public static Command Create(CliSettings settings) => new("operations", "Follow and call off writes that were handed over by 'inject --async'.")
    {
        List(settings),
        Get(settings),
        Wait(settings),
        Cancel(settings),
    };

    /// <summary>What is said of one.</summary>
    public static string Line(OperationDescription o)
    {
        string made = string.Join(", ", o.Versions.Where(v => v is not null));
        string outcome = o.Problem is { } problem ? $": {problem.Code}: {problem.Detail}" : made.Length > 0 ? $", version {made}" : string.Empty;
        return $"{o.Id}: {o.Kind} of {o.MemoryId}, {o.Status}{outcome}";
    }

    private static Command List(CliSettings settings)
    {
        Argument<string> memory = Memory();
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 200.", DefaultValueFactory = _ => DefaultLimit };
        var command = new Command("list", "List them, newest first.") { memory, limit };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            Page<OperationDescription> page = await client.Memory(parsed.GetRequiredValue(memory)).Operations.ListAsync(parsed.GetValue(limit), null, cancellationToken).ConfigureAwait(false);
            output.WriteTable(page.Items, ["id", "kind", "status", "accepted", "items", "versions", "problem"], o =>
            [
                o.Id,
                o.Kind,
                o.Status,
                AnswerWriter.Time(o.AcceptedAt),
                o.Items.ToString(CultureInfo.InvariantCulture),
                string.Join(' ', o.Versions.Where(v => v is not null)),
                o.Problem?.Code ?? string.Empty,
            ]);
        });
        return command;
    }

    private static Command Get(CliSettings settings)
    {
        Argument<string> memory = Memory();
        Argument<string> operation = Operation();
        var command = new Command("get", "Show one.") { memory, operation };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            OperationDescription found = await client.Memory(parsed.GetRequiredValue(memory)).Operations.GetAsync(parsed.GetRequiredValue(operation), cancellationToken).ConfigureAwait(false);
            output.Write(found, Line(found));
        });
        return command;
    }

    private static Command Wait(CliSettings settings)
    {
        Argument<string> memory = Memory();
        Argument<string> operation = Operation();
        var command = new Command("wait", "Wait until one has ended. Ends with 1 unless it succeeded.") { memory, operation };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            OperationDescription ended = await client.Memory(parsed.GetRequiredValue(memory)).Operations.WaitAsync(parsed.GetRequiredValue(operation), cancellationToken).ConfigureAwait(false);
            output.Write(ended, Line(ended));
            if (ended.Status != "succeeded") throw new DeclinedException($"The operation is {ended.Status}.");
        });
        return command;
    }

    private static Command Cancel(CliSettings settings)
    {
        Argument<string> memory = Memory();
        Argument<string> operation = Operation();
        var command = new Command("cancel", "Call one off while it waits.") { memory, operation };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            OperationDescription cancelled = await client.Memory(parsed.GetRequiredValue(memory)).Operations.CancelAsync(parsed.GetRequiredValue(operation), cancellationToken).ConfigureAwait(false);
            output.Write(cancelled, Line(cancelled));
        });
        return command;
    }

    private static Argument<string> Memory() => new("memory") { Description = "The memory's id." };

    private static Argument<string> Operation() => new("operation") { Description = "The operation's id." };
}
