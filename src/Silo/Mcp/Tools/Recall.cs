using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http.Streams;
using LatentDb.Silo.Limits;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>recall: a question to a memory.</summary>
internal static class Recall
{
    private const int DefaultTokens = 128;
    private const int MostTokens = 1024;

    internal sealed record Arguments(
        [property: Description("The question, in words of its own: the memory does not see the conversation.")] string Question,
        [property: Description("Read an older version: its number, an RFC 3339 time, or the name of a snapshot. The newest when absent.")] string? At = null,
        [property: Description("At most this many tokens of an answer."), Range(1, MostTokens)] int? MaxTokens = null);

    internal sealed record Answer(string Memory, long Version, string Text, FinishReason FinishReason);

    public static IMemoryTool Tool { get; } = new MemoryTool<Arguments, Answer>(
        new ToolCard(
            "recall",
            "Recall",
            "Asks the long-term memory a question; a model that holds what was remembered answers it. Changes nothing. It may be wrong about what it was never told.",
            Role.Reader,
            ToolEffect.Reads)
        {
            Costs = Costs.Generation,
        },
        RunAsync,
        answer => answer.Text);

    private static async Task<Answer> RunAsync(ToolCall call, Arguments arguments, CancellationToken cancellationToken)
    {
        int tokens = arguments.MaxTokens ?? DefaultTokens;
        if (tokens is < 1 or > MostTokens) throw new LatentDbException(ErrorCode.InvalidRequest, $"max_tokens must be 1 to {MostTokens}.");
        if (string.IsNullOrWhiteSpace(arguments.Question)) throw new LatentDbException(ErrorCode.InvalidRequest, "question is empty.");
        var question = new TextInput.Conversation(ImmutableArray.Create(new ChatMessage("user", arguments.Question)));
        VersionSelector at = arguments.At is null ? VersionSelector.Head : VersionSelector.Parse(arguments.At);
        var command = new QueryCommand(question, new GenerationOptions { MaxTokens = tokens }, at);
        var answer = new AnswerReader(call.Scope, call.Scope.Memory(call.Memory).QueryAsync(command, cancellationToken), cancellationToken);
        await using (answer.ConfigureAwait(false))
        {
            await answer.ToEndAsync().ConfigureAwait(false);
            return new Answer(call.Memory, answer.Version.Value, answer.Text, answer.End.Reason);
        }
    }
}
