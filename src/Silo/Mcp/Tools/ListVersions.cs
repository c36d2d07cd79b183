using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>list_versions: what became of a memory, with the first words of what each version was told.</summary>
internal static class ListVersions
{
    private const int Default = 10;
    private const int Most = 50;

    internal sealed record Arguments(
        [property: Description("How many, newest first; 10 when absent."), Range(1, Most)] int? Limit = null,
        [property: Description("Only versions before this number.")] long? Before = null);

    internal sealed record Answer(string Memory, VersionLine[] Versions);

    /// <summary>One version.</summary>
    internal sealed record VersionLine(long Version, VersionCause Cause, string CommittedAt, int Tokens, string[] Snapshots, long? RestoredFrom, string? Text);

    public static IMemoryTool Tool { get; } = new MemoryTool<Arguments, Answer>(
        new ToolCard(
            "list_versions",
            "List versions",
            "Lists the versions of the memory, newest first: when and why each came to be, the first words of what it was told, and the snapshots that name it.",
            Role.Reader,
            ToolEffect.Reads),
        RunAsync);

    private static async Task<Answer> RunAsync(ToolCall call, Arguments arguments, CancellationToken cancellationToken)
    {
        int limit = arguments.Limit ?? Default;
        if (limit is < 1 or > Most) throw new LatentDbException(ErrorCode.InvalidRequest, $"limit must be 1 to {Most}.");
        IMemoryGrain memory = call.Scope.Memory(call.Memory);
        VersionNumber? before = arguments.Before is { } number ? new VersionNumber(number) : null;
        ImmutableArray<MemoryVersion> versions = await memory.ListVersionsAsync(limit, before, cancellationToken).ConfigureAwait(false);
        ILookup<VersionNumber, string> names = (await memory.ListSnapshotsAsync(cancellationToken).ConfigureAwait(false)).ToLookup(s => s.Version, s => s.Name.Value);
        List<VersionLine> lines = [];
        foreach (MemoryVersion version in versions)
        {
            string? text = version.HasText ? await PreviewAsync(memory, version.Number, cancellationToken).ConfigureAwait(false) : null;
            lines.Add(new VersionLine(
                version.Number.Value, version.Cause, version.CommittedAt.ToString(), version.Tokens, [.. names[version.Number]], version.RestoredFrom?.Value, text));
        }

        return new Answer(call.Memory, [.. lines]);
    }

    private static async Task<string?> PreviewAsync(IMemoryGrain memory, VersionNumber version, CancellationToken cancellationToken)
    {
        try
        {
            return TextPreview.Of(await memory.ReadTextAsync(version, cancellationToken).ConfigureAwait(false));
        }
        catch (LatentDbException error) when (error.Code == ErrorCode.VersionExpired)
        {
            return null; // Retention has dropped it since it was listed.
        }
    }
}
