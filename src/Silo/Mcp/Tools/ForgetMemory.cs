using System.ComponentModel;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>forget: a memory, for good. There only where the host says so, and only for a model that names the memory twice.</summary>
internal static class ForgetMemory
{
    internal sealed record Arguments([property: Description("The id of the memory once more, as proof that it is meant.")] string Confirm);

    internal sealed record Answer(string Memory, bool Erased);

    public static IMemoryTool Tool { get; } = new MemoryTool<Arguments, Answer>(
        new ToolCard(
            "forget",
            "Forget everything",
            "Erases the whole memory with all its versions and snapshots, for good: its key is destroyed, and nobody can bring it back. Ask the person first. "
            + "To undo something that was remembered, use rollback instead.",
            Role.Admin,
            ToolEffect.Destroys)
        {
            Action = "eraseMemory",
        },
        RunAsync,
        answer => $"The memory '{answer.Memory}' is erased.");

    private static async Task<Answer> RunAsync(ToolCall call, Arguments arguments, CancellationToken cancellationToken)
    {
        if (arguments.Confirm != call.Memory) throw new LatentDbException(ErrorCode.InvalidRequest, $"confirm must be '{call.Memory}', the id of the memory that would be erased; nothing was done.");
        await call.Scope.Memory(call.Memory).EraseAsync(new EraseCommand(ExpectedHead: null, new WriteOrigin(null, call.Scope.Caller.Author)), cancellationToken).ConfigureAwait(false);
        return new Answer(call.Memory, Erased: true);
    }
}
