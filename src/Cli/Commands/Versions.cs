using System.CommandLine;
using System.Globalization;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands;

/// <summary>versions: the newest versions of a memory.</summary>
internal static class Versions
{
    private const int DefaultLimit = 20;

    public static Command Create(CliSettings settings)
    {
        var memory = new Argument<string>("memory") { Description = "The memory's id." };
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 200.", DefaultValueFactory = _ => DefaultLimit };
        var command = new Command("versions", "List versions, newest first.") { memory, limit };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            Page<VersionDescription> page = await client.Memory(parsed.GetRequiredValue(memory))
                .ListVersionsAsync(parsed.GetValue(limit), cancellationToken: cancellationToken).ConfigureAwait(false);
            output.WriteTable(page.Items, ["version", "committed", "cause", "from", "tokens", "chunks", "bytes"], v =>
            [
                v.Version.ToString(CultureInfo.InvariantCulture),
                AnswerWriter.Time(v.CommittedAt),
                v.Cause,
                v.RestoredFrom?.ToString(CultureInfo.InvariantCulture) ?? string.Empty,
                v.Tokens.ToString(CultureInfo.InvariantCulture),
                v.Chunks.ToString(CultureInfo.InvariantCulture),
                v.BlockBytes.ToString("N0", CultureInfo.InvariantCulture),
            ]);
        });
        return command;
    }
}
