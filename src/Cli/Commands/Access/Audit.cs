using System.CommandLine;
using System.Globalization;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Access;

/// <summary>audit list | verify | export: who did what.</summary>
internal static class Audit
{
    private const int DefaultLimit = 50;
    private const int MaxPage = 200;

    public static Command Create(CliSettings settings) => new("audit", "Read, verify and export the log of who did what.")
    {
        List(settings),
        Verify(settings),
        Export(settings),
    };

    private static Command List(CliSettings settings)
    {
        var all = new Option<bool>("--all") { Description = "Of all tenants and of nobody known; for operators." };
        var after = new Option<long>("--after") { Description = "The number of a line: those after it; from the oldest on when absent." };
        var limit = new Option<int>("--limit") { Description = "How many lines at most.", DefaultValueFactory = _ => DefaultLimit };
        var command = new Command("list", "List what was done, oldest first.") { all, after, limit };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            AuditClient audit = client.Audit;
            int wanted = parsed.GetValue(limit);
            if (wanted < 1) throw new UsageException("--limit must be 1 or more.");
            List<AuditEntry> lines = [];
            long? next = parsed.GetValue(after);
            while (next is { } from && lines.Count < wanted)
            {
                AuditPage page = await audit.ListAsync(parsed.GetValue(all), from, Math.Min(MaxPage, wanted - lines.Count), cancellationToken).ConfigureAwait(false);
                lines.AddRange(page.Items);
                next = page.NextAfter;
            }

            output.WriteTable(lines, ["line", "time", "tenant", "key", "action", "of", "status", "count", "from", "request"], l =>
            [
                l.Seq.ToString(CultureInfo.InvariantCulture),
                AnswerWriter.Time(l.Time),
                l.Tenant ?? string.Empty,
                l.Key ?? string.Empty,
                l.Action,
                l.Target ?? string.Empty,
                l.Status?.ToString(CultureInfo.InvariantCulture) ?? string.Empty,
                l.Count?.ToString(CultureInfo.InvariantCulture) ?? string.Empty,
                l.Address ?? string.Empty,
                l.Request ?? string.Empty,
            ]);
        });
        return command;
    }

    private static Command Verify(CliSettings settings)
    {
        var command = new Command("verify", "Follow the chain of the whole log. Ends with 1 where something was edited, taken away, added or moved; for operators.");
        command.Runs(settings, async (client, output, _, cancellationToken) =>
        {
            AuditVerdict verdict = await client.Audit.VerifyAsync(cancellationToken).ConfigureAwait(false);
            output.Write(verdict, $"{verdict.Lines:N0} lines from {verdict.First} on follow each other; the newest is {verdict.Head}, SHA-256 {verdict.HeadHash}.");
            if (verdict.IsWhole) return;
            if (!output.IsJson)
            {
                foreach (AuditFault fault in verdict.Faults) Console.WriteLine($"after line {fault.After}: {fault.What}");
            }

            throw new DeclinedException("The log is not as it was written.");
        });
        return command;
    }

    private static Command Export(CliSettings settings)
    {
        var file = new Argument<string>("file") { Description = "Where the lines go; - is standard output." };
        var command = new Command("export", "Write all lines as they are on disk, one JSON object each; for operators.") { file };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(file);
            if (path != "-" && File.Exists(path)) throw new UsageException($"{path} exists.");
            Stream destination = path == "-" ? Console.OpenStandardOutput() : new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
            long bytes;
            await using (destination.ConfigureAwait(false)) bytes = await client.Audit.ExportAsync(destination, cancellationToken).ConfigureAwait(false);
            if (path != "-") output.Write(new { file = path, bytes }, $"The log is in {path}: {bytes:N0} bytes.");
        });
        return command;
    }
}
