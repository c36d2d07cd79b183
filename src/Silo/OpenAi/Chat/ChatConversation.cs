using System.Collections.Immutable;
using System.Text.Json;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;
using LatentDb.Silo.Http;

namespace LatentDb.Silo.OpenAi.Chat;

/// <summary>The messages of a chat completion as the model's conversation.</summary>
internal static class ChatConversation
{
    private const int MaxParts = 256;

    /// <exception cref="LatentDbException">invalid_request, unsupported_parameter, malformed_json.</exception>
    public static TextInput.Conversation Parse(ChatMessageBody[] messages)
    {
        if (messages.Length is 0 or > TextBodies.MaxMessages) throw Invalid("messages", $"messages must have 1 to {TextBodies.MaxMessages} entries.");
        List<ChatMessage> talk = [];
        for (int i = 0; i < messages.Length; i++)
        {
            string where = $"messages[{i}]";
            ChatMessageBody message = messages[i] ?? throw Invalid(where, "messages must not hold null.");
            string role = RoleOf(message.Role, where);
            string text = TextOf(message, where);

            // A model may have said nothing; its empty turn comes back with the rest of the history.
            if (text.Length == 0 && role == "assistant") continue;
            if (string.IsNullOrWhiteSpace(text)) throw Invalid($"{where}.content", $"{where}.content is empty.");
            talk.Add(new ChatMessage(role, text));
        }

        if (talk.Count == 0) throw Invalid("messages", "messages hold no text.");
        return new TextInput.Conversation([.. talk]);
    }

    /// <summary>What has been said since the assistant's last turn: a client sends the whole history each time, and the rest is old.</summary>
    public static ImmutableArray<ChatMessage> NewestTurn(TextInput.Conversation talk)
    {
        int start = talk.Messages.Length;
        while (start > 0 && talk.Messages[start - 1].Role != "assistant") start--;
        return [.. talk.Messages[start..].Where(m => m.Role == "user")];
    }

    private static string RoleOf(string role, string where) => role switch
    {
        "developer" => "system",
        "system" or "user" or "assistant" or "tool" => role,
        _ => throw Invalid($"{where}.role", $"{where}.role must be one of system, developer, user, assistant, tool."),
    };

    private static string TextOf(ChatMessageBody message, string where)
    {
        if (!UnsupportedParameters.IsEmpty(message.ToolCalls)) throw UnsupportedParameters.Refusal($"{where}.tool_calls", "the model calls no tools");
        if (!UnsupportedParameters.IsEmpty(message.FunctionCall)) throw UnsupportedParameters.Refusal($"{where}.function_call", "the model calls no functions");
        if (!UnsupportedParameters.IsEmpty(message.Audio)) throw UnsupportedParameters.Refusal($"{where}.audio", "messages are text");
        return message.Content switch
        {
            null or { ValueKind: JsonValueKind.Null } => string.Empty,
            { ValueKind: JsonValueKind.String } text => UnicodeText.Of(text),
            { ValueKind: JsonValueKind.Array } parts => Join(parts, $"{where}.content"),
            _ => throw Invalid($"{where}.content", $"{where}.content must be a string or a list of parts."),
        };
    }

    private static string Join(JsonElement parts, string where)
    {
        if (parts.GetArrayLength() > MaxParts) throw Invalid(where, $"{where} may hold {MaxParts} parts.");
        return string.Join('\n', parts.EnumerateArray().Select((part, i) => PartOf(part, $"{where}[{i}]")));
    }

    private static string PartOf(JsonElement part, string where)
    {
        bool hasType = part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String;
        if (!hasType) throw Invalid(where, $"{where} must be an object with a type.");
        if (UnicodeText.Of(part.GetProperty("type")) != "text") throw UnsupportedParameters.Refusal($"{where}.type", "messages are text");
        return part.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String
            ? UnicodeText.Of(text)
            : throw Invalid($"{where}.text", $"{where}.text must be a string.");
    }

    private static ParameterException Invalid(string parameter, string why) => new(ErrorCode.InvalidRequest, parameter, why);
}
