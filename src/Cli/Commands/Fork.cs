using System.CommandLine;
using LatentDb.Cli.Settings;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands;

/// <summary>fork: a new memory that begins with a version of another.</summary>
internal static class Fork
{
    public static Command Create(CliSettings settings)
    {
        var memory = new Argument<string>("memory") { Description = "The memory to begin with; it stays as it is." };
        var target = new Argument<string?>("new") { Arity = ArgumentArity.ZeroOrOne, Description = "Name of the new memory; made by the server when absent." };
        var at = new Option<string?>("--at") { Description = "Version number, RFC 3339 time or snapshot name; the newest version when absent." };
        Option<string?> metadata = JsonObjectOption.Create("new memory");
        var command = new Command("fork", "Make a new memory from a version of another.") { memory, target, at, metadata };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            string source = parsed.GetRequiredValue(memory);
            var request = new ForkRequest(parsed.GetValue(target), parsed.GetValue(at), JsonObjectOption.Parse(parsed.GetValue(metadata)));
            MemoryDescription created = await client.Memory(source).ForkAsync(request, null, cancellationToken).ConfigureAwait(false);
            output.Write(created, $"{created.Id} begins with {request.At ?? "the newest version"} of {source}.");
        });
        return command;
    }
}
