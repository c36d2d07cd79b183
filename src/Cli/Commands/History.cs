using System.CommandLine;
using System.Globalization;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands;

/// <summary>history: who did what to a memory, newest first.</summary>
internal static class History
{
    private const int DefaultLimit = 20;
    private const int MaxPage = 200;

    public static Command Create(CliSettings settings)
    {
        var memory = new Argument<string>("memory") { Description = "The memory's id." };
        var limit = new Option<int>("--limit") { Description = "How many versions at most.", DefaultValueFactory = _ => DefaultLimit };
        var command = new Command("history", "Show who did what to a memory, newest first.") { memory, limit };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            int wanted = parsed.GetValue(limit);
            if (wanted < 1) throw new UsageException("--limit must be 1 or more.");
            List<VersionDescription> versions = await ReadAsync(client.Memory(parsed.GetRequiredValue(memory)), wanted, cancellationToken).ConfigureAwait(false);
            output.WriteTable(versions, ["version", "committed", "cause", "of", "tokens", "author", "key", "model", "metadata"], v =>
            [
                v.Version.ToString(CultureInfo.InvariantCulture),
                AnswerWriter.Time(v.CommittedAt),
                v.Cause,
                v.ForkedFrom is { } source ? $"{source.Id} {source.Version}" : v.RestoredFrom?.ToString(CultureInfo.InvariantCulture) ?? string.Empty,
                v.Tokens.ToString(CultureInfo.InvariantCulture),
                v.Author ?? string.Empty,
                v.IdempotencyKey ?? string.Empty,
                v.Model ?? string.Empty,
                v.Metadata?.GetRawText() ?? string.Empty,
            ]);
        });
        return command;
    }

    private static async Task<List<VersionDescription>> ReadAsync(MemoryClient memory, int wanted, CancellationToken cancellationToken)
    {
        List<VersionDescription> versions = [];
        string? cursor = null;
        do
        {
            Page<VersionDescription> page = await memory.ListVersionsAsync(Math.Min(wanted - versions.Count, MaxPage), cursor, cancellationToken).ConfigureAwait(false);
            versions.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null && versions.Count < wanted);
        return versions;
    }
}
