using System.CommandLine;
using LatentDb.Cli.Settings;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands;

/// <summary>rollback: a new head with the content of an older version.</summary>
internal static class Rollback
{
    public static Command Create(CliSettings settings)
    {
        var memory = new Argument<string>("memory") { Description = "The memory's id." };
        var to = new Argument<string>("to") { Description = "Version number, RFC 3339 time or snapshot name." };
        var ifVersion = new Option<long?>("--if-version") { Description = "Refuse unless this is the newest version." };
        var command = new Command("rollback", "Go back to an older version; history is kept.") { memory, to, ifVersion };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            var options = new WriteOptions { IfVersion = parsed.GetValue(ifVersion) };
            RollbackAnswer answer = await client.Memory(parsed.GetRequiredValue(memory))
                .RollBackAsync(parsed.GetRequiredValue(to), options, cancellationToken).ConfigureAwait(false);
            output.Write(answer, $"version {answer.Version} has the content of version {answer.RestoredFrom}.");
        });
        return command;
    }
}
