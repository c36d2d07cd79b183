using System.CommandLine;
using System.Globalization;
using LatentDb.Cli.Settings;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Access;

/// <summary>usage: what the tenant uses, and what is left of its limits.</summary>
internal static class Usage
{
    public static Command Create(CliSettings settings)
    {
        var command = new Command("usage", "Show what the tenant uses and what is left of its limits.");
        command.Runs(settings, async (client, output, _, cancellationToken) =>
        {
            UsageDescription usage = await client.GetUsageAsync(cancellationToken).ConfigureAwait(false);
            if (output.IsJson)
            {
                output.Write(usage, string.Empty);
                return;
            }

            (string Name, UsageAmount Amount)[] rows =
            [
                ("memories", usage.Memories), ("bytes", usage.Bytes), ("requests per minute", usage.RequestsPerMinute), ("injects per minute", usage.InjectsPerMinute),
                ("tokens per minute", usage.TokensPerMinute), ("concurrent generations", usage.ConcurrentGenerations),
            ];
            output.WriteTable(rows, [usage.Tenant, "used", "limit", "left"], r => [r.Name, Number(r.Amount.Used, string.Empty), Number(r.Amount.Limit, "none"), Number(r.Amount.Left, string.Empty)]);
        });
        return command;
    }

    private static string Number(long? value, string absent) => value?.ToString("N0", CultureInfo.InvariantCulture) ?? absent;
}
