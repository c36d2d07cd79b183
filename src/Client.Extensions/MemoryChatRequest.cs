using LatentDb.Client.Models;
using Microsoft.Extensions.AI;

namespace LatentDb.Client.Extensions;

/// <summary>Makes a question of a conversation. What would change the meaning and cannot be done is refused; mere wishes about style are passed over.</summary>
internal static class MemoryChatRequest
{
    /// <exception cref="NotSupportedException">Tools, a schema for the answer, or content that is no text.</exception>
    public static QueryRequest Of(IEnumerable<ChatMessage> messages, ChatOptions? options, string? at)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (options?.Tools is { Count: > 0 } && options.ToolMode is not NoneChatToolMode) throw new NotSupportedException("The model of a memory calls no tools.");
        if (options?.ResponseFormat is ChatResponseFormatJson) throw new NotSupportedException("The model of a memory answers in text; it promises no JSON.");
        List<Message> turns = [];
        if (options?.Instructions is { Length: > 0 } instructions) turns.Add(new Message("system", instructions));

        // A model that had nothing to say leaves an empty turn in the caller's history; the server refuses such.
        turns.AddRange(messages.Select(m => new Message(m.Role.Value, TextOf(m))).Where(m => m.Content.Length > 0 || m.Role != ChatRole.Assistant.Value));
        return new QueryRequest
        {
            Messages = turns,
            At = at,
            MaxTokens = options?.MaxOutputTokens,
            Temperature = options?.Temperature,
            TopP = options?.TopP,
            TopK = options?.TopK,
            Seed = options?.Seed is { } seed ? unchecked((ulong)seed) : null,
            Stop = options?.StopSequences is { Count: > 0 } stop ? [.. stop] : null,
        };
    }

    private static string TextOf(ChatMessage message)
    {
        AIContent? foreign = message.Contents.FirstOrDefault(c => c is not (TextContent or UsageContent or TextReasoningContent));
        return foreign is null ? message.Text : throw new NotSupportedException($"The model of a memory reads text alone; a message holds {foreign.GetType().Name}.");
    }
}
