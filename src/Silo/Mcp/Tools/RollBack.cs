using System.ComponentModel;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>rollback: the content of an older version becomes the newest.</summary>
internal static class RollBack
{
    internal sealed record Arguments(
        [property: Description("The version to go back to: its number, an RFC 3339 time, or the name of a snapshot.")] string To);

    internal sealed record Answer(string Memory, long Version, long RestoredFrom);

    public static IMemoryTool Tool { get; } = new MemoryTool<Arguments, Answer>(
        new ToolCard(
            "rollback",
            "Roll back",
            "Takes the memory back to an older version: what was remembered after it is no longer known. It makes a new version, so a rollback can be rolled back.",
            Role.Writer,
            ToolEffect.Changes)
        {
            Action = "rollback",
        },
        RunAsync,
        answer => $"Version {answer.Version} has the content of version {answer.RestoredFrom}.");

    private static async Task<Answer> RunAsync(ToolCall call, Arguments arguments, CancellationToken cancellationToken)
    {
        var command = new RollbackCommand(VersionSelector.Parse(arguments.To), ExpectedHead: null, new WriteOrigin(null, call.Scope.Caller.Author));
        MemoryVersion version = (await call.Scope.Memory(call.Memory).RollBackAsync(command, cancellationToken).ConfigureAwait(false)).Value;
        return new Answer(call.Memory, version.Number.Value, version.RestoredFrom!.Value.Value);
    }
}
