using System.ComponentModel;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>snapshot: a name for a version.</summary>
internal static class TakeSnapshot
{
    internal sealed record Arguments(
        [property: Description("1 to 128 of A-Z a-z 0-9 . _ : @ -, beginning with a letter.")] string Name,
        [property: Description("The version to name: its number, an RFC 3339 time, or the name of a snapshot. The newest when absent.")] string? At = null);

    internal sealed record Answer(string Memory, string Name, long Version);

    public static IMemoryTool Tool { get; } = new MemoryTool<Arguments, Answer>(
        new ToolCard(
            "snapshot",
            "Take a snapshot",
            "Gives a version of the memory a name, so that it is kept and rollback finds it. Take one before something that may be regretted.",
            Role.Writer,
            ToolEffect.Adds)
        {
            Action = "createSnapshot",
        },
        RunAsync,
        answer => $"'{answer.Name}' names version {answer.Version}.");

    private static async Task<Answer> RunAsync(ToolCall call, Arguments arguments, CancellationToken cancellationToken)
    {
        VersionSelector at = arguments.At is null ? VersionSelector.Head : VersionSelector.Parse(arguments.At);
        var command = new SnapshotCommand(SnapshotName.Parse(arguments.Name), at, ExpectedHead: null, new WriteOrigin(null, call.Scope.Caller.Author));
        Snapshot snapshot = (await call.Scope.Memory(call.Memory).CreateSnapshotAsync(command, cancellationToken).ConfigureAwait(false)).Value;
        return new Answer(call.Memory, snapshot.Name.Value, snapshot.Version.Value);
    }
}
