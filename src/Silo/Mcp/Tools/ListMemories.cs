using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>list_memories: which memories there are. Not there where one is chosen beforehand.</summary>
internal static class ListMemories
{
    private const int Default = 20;
    private const int Most = 100;

    internal sealed record Arguments(
        [property: Description("How many, in order of id; 20 when absent."), Range(1, Most)] int? Limit = null,
        [property: Description("Only ids after this one.")] string? After = null);

    internal sealed record Answer(MemoryLine[] Memories);

    /// <summary>One memory.</summary>
    internal sealed record MemoryLine(string Memory, long Version, string UpdatedAt);

    public static IMemoryTool Tool { get; } = new MemoryTool<Arguments, Answer>(
        new ToolCard("list_memories", "List memories", "Lists the memories that there are, with the version and time of their last change.", Role.Reader, ToolEffect.Reads) { IsAboutOneMemory = false },
        RunAsync);

    private static async Task<Answer> RunAsync(ToolCall call, Arguments arguments, CancellationToken cancellationToken)
    {
        int limit = arguments.Limit ?? Default;
        if (limit is < 1 or > Most) throw new LatentDbException(ErrorCode.InvalidRequest, $"limit must be 1 to {Most}.");
        MemoryId? after = arguments.After is null ? null : MemoryId.Parse(arguments.After);
        ImmutableArray<MemorySummary> found = await call.Scope.Grains.ListMemoriesAsync(call.Scope.Tenant, limit, after, cancellationToken).ConfigureAwait(false);
        return new Answer([.. found.Select(m => new MemoryLine(m.Key.Memory.Value, m.Head.Number.Value, m.Head.CommittedAt.ToString()))]);
    }
}
