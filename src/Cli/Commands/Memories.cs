using System.CommandLine;
using System.Globalization;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands;

/// <summary>memories create | list | get | delete.</summary>
internal static class Memories
{
    public static Command Create(CliSettings settings) => new("memories", "Create, list, show and erase memories.")
    {
        CreateOne(settings),
        List(settings),
        Get(settings),
        Erase.Create(settings, "delete"),
    };

    private static Command CreateOne(CliSettings settings)
    {
        var id = new Argument<string?>("id") { Arity = ArgumentArity.ZeroOrOne, Description = "Its name; made by the server when absent." };
        Option<string?> metadata = JsonObjectOption.Create("memory");
        var command = new Command("create", "Create a memory.") { id, metadata };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            var request = new CreateMemoryRequest(parsed.GetValue(id), JsonObjectOption.Parse(parsed.GetValue(metadata)));
            MemoryDescription created = await client.CreateMemoryAsync(request, null, cancellationToken).ConfigureAwait(false);
            output.Write(created, $"{created.Id} is created; its head is version {created.Version}.");
        });
        return command;
    }

    private static Command List(CliSettings settings)
    {
        var command = new Command("list", "List all memories.");
        command.Runs(settings, async (client, output, _, cancellationToken) =>
        {
            List<MemoryDescription> all = [];
            await foreach (MemoryDescription memory in client.EnumerateMemoriesAsync(cancellationToken).ConfigureAwait(false)) all.Add(memory);
            output.WriteTable(all, ["id", "version", "updated", "writes", "bytes"], m =>
            [
                m.Id,
                m.Version.ToString(CultureInfo.InvariantCulture),
                AnswerWriter.Time(m.UpdatedAt),
                m.Writes.ToString(CultureInfo.InvariantCulture),
                m.OwnedBytes.ToString("N0", CultureInfo.InvariantCulture),
            ]);
        });
        return command;
    }

    private static Command Get(CliSettings settings)
    {
        var id = new Argument<string>("id");
        var command = new Command("get", "Show a memory.") { id };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            MemoryDescription memory = await client.Memory(parsed.GetRequiredValue(id)).GetAsync(cancellationToken).ConfigureAwait(false);
            output.Write(memory, $"{memory.Id}: version {memory.Version} of {AnswerWriter.Time(memory.UpdatedAt)}, {memory.Writes} writes, {memory.OwnedBytes:N0} bytes, model {memory.Model}");
        });
        return command;
    }
}
