using System.CommandLine;
using System.Globalization;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands;

/// <summary>snapshot create | list | delete.</summary>
internal static class Snapshots
{
    public static Command Create(CliSettings settings) => new("snapshot", "Give versions names.")
    {
        CreateOne(settings),
        List(settings),
        Delete(settings),
    };

    private static Command CreateOne(CliSettings settings)
    {
        Argument<string> memory = Memory();
        Argument<string> name = Name();
        var at = new Option<string?>("--at") { Description = "Version number, RFC 3339 time or snapshot name; the newest version when absent." };
        var command = new Command("create", "Name a version.") { memory, name, at };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            SnapshotDescription snapshot = await client.Memory(parsed.GetRequiredValue(memory))
                .CreateSnapshotAsync(parsed.GetRequiredValue(name), parsed.GetValue(at), null, cancellationToken).ConfigureAwait(false);
            output.Write(snapshot, $"{snapshot.Name} names version {snapshot.Version}.");
        });
        return command;
    }

    private static Command List(CliSettings settings)
    {
        Argument<string> memory = Memory();
        var command = new Command("list", "List the snapshots of a memory.") { memory };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            IReadOnlyList<SnapshotDescription> all = await client.Memory(parsed.GetRequiredValue(memory)).ListSnapshotsAsync(cancellationToken).ConfigureAwait(false);
            output.WriteTable(all, ["name", "version", "created"], s =>
                [s.Name, s.Version.ToString(CultureInfo.InvariantCulture), AnswerWriter.Time(s.CreatedAt)]);
        });
        return command;
    }

    private static Command Delete(CliSettings settings)
    {
        Argument<string> memory = Memory();
        Argument<string> name = Name();
        var command = new Command("delete", "Take a name away; the version stays.") { memory, name };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            string snapshot = parsed.GetRequiredValue(name);
            await client.Memory(parsed.GetRequiredValue(memory)).DeleteSnapshotAsync(snapshot, null, cancellationToken).ConfigureAwait(false);
            output.Write(new { name = snapshot, deleted = true }, $"{snapshot} is deleted.");
        });
        return command;
    }

    private static Argument<string> Memory() => new("memory") { Description = "The memory's id." };

    private static Argument<string> Name() => new("name") { Description = "The snapshot's name; begins with a letter." };
}
