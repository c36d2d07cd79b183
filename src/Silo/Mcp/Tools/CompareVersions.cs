using System.ComponentModel;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>diff: what was said between two versions.</summary>
internal static class CompareVersions
{
    internal sealed record Arguments(
        [property: Description("The version to start from: its number, an RFC 3339 time, or the name of a snapshot.")] string From,
        [property: Description("The version to arrive at, in the same forms; the newest when absent.")] string? To = null);

    internal sealed record Answer(string Memory, long From, long To, InjectLine[] Added, InjectLine[] Removed);

    /// <summary>What one version was told.</summary>
    internal sealed record InjectLine(long Version, int Tokens, string? Text);

    public static IMemoryTool Tool { get; } = new MemoryTool<Arguments, Answer>(
        new ToolCard("diff", "Compare versions", "Tells what one version of the memory has been told and another has not.", Role.Reader, ToolEffect.Reads), RunAsync);

    private static async Task<Answer> RunAsync(ToolCall call, Arguments arguments, CancellationToken cancellationToken)
    {
        VersionSelector to = arguments.To is null ? VersionSelector.Head : VersionSelector.Parse(arguments.To);
        MemoryDiff diff = await call.Scope.Memory(call.Memory).DiffAsync(VersionSelector.Parse(arguments.From), to, cancellationToken).ConfigureAwait(false);
        return new Answer(call.Memory, diff.Rows.From.Number.Value, diff.Rows.To.Number.Value, [.. diff.Added.Select(LineOf)], [.. diff.Removed.Select(LineOf)]);
    }

    private static InjectLine LineOf(InjectedText inject) => new(inject.Version.Number.Value, inject.Version.Tokens, TextPreview.Of(inject.Text));
}
