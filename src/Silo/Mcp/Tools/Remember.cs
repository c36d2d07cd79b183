using System.ComponentModel;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Memories;
using LatentDb.Silo.Limits;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>remember: text into a memory.</summary>
internal static class Remember
{
    internal sealed record Arguments(
        [property: Description("What shall be remembered: whole sentences that can be understood by themselves.")] string Text,
        [property: Description("1 to 128 visible ASCII characters. A second call with the same key changes nothing, so a call that got no answer can be repeated.")] string? IdempotencyKey = null);

    internal sealed record Answer(string Memory, long Version, int Tokens, bool WasKnown);

    public static IMemoryTool Tool { get; } = new MemoryTool<Arguments, Answer>(
        new ToolCard(
            "remember",
            "Remember",
            "Writes text into the long-term memory, as a new version of it. When the call returns, it is on the disk and lasts. Old content fades slowly as new content comes.",
            Role.Writer,
            ToolEffect.Adds)
        {
            Costs = Costs.Inject | Costs.Growth,
            Action = "inject",
        },
        RunAsync,
        answer => $"Remembered as version {answer.Version} ({answer.Tokens} tokens).");

    private static async Task<Answer> RunAsync(ToolCall call, Arguments arguments, CancellationToken cancellationToken)
    {
        IMemoryGrain memory = call.Settings.IsCreating
            ? await call.Scope.EnsureMemoryAsync(call.Memory, note: null, cancellationToken).ConfigureAwait(false)
            : call.Scope.Memory(call.Memory);
        var origin = new WriteOrigin(RequestHeaders.CheckIdempotencyKey(arguments.IdempotencyKey), call.Scope.Caller.Author);
        var command = new InjectCommand(TextBodies.Parse(arguments.Text, messages: null, "text"), Seed: null, ExpectedHead: null, origin);
        InjectResult result = await memory.InjectAsync(command, cancellationToken).ConfigureAwait(false);
        if (!result.IsReplay) call.Scope.ChargeTokens(result.Version.Tokens);
        return new Answer(call.Memory, result.Version.Number.Value, result.Version.Tokens, result.IsReplay);
    }
}
