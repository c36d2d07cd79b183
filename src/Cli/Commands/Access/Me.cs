using System.CommandLine;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Access;

/// <summary>me: who the server takes this command line for.</summary>
internal static class Me
{
    public static Command Create(CliSettings settings)
    {
        var command = new Command("me", "Show who the server takes you for: tenant, role, key.");
        command.Runs(settings, async (client, output, _, cancellationToken) =>
        {
            CallerDescription me = await client.GetCallerAsync(cancellationToken).ConfigureAwait(false);
            string key = me.Keyless ? "the server has no keys" : me.KeyId is null ? "no key" : $"key {me.KeyId}{(me.Name is null ? string.Empty : $" ({me.Name})")}";
            string end = me.ExpiresAt is { } time ? $", which ends {AnswerWriter.Time(time)}" : string.Empty;
            output.Write(me, $"{me.Role} of {me.Tenant}; {key}{end}");
        });
        return command;
    }
}
