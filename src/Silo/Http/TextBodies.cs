using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Silo.Http;

/// <summary>Text in requests: plain or as messages, never both.</summary>
internal static class TextBodies
{
    public const int MaxMessages = 1000;

    private static readonly string[] Roles = ["system", "user", "assistant", "tool"];

    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static TextInput Parse(string? plain, MessageBody[]? messages, string plainName)
    {
        if (plain is null == messages is null) throw Invalid($"Send either {plainName} or messages, and not both.");
        if (plain is not null)
        {
            if (string.IsNullOrWhiteSpace(plain)) throw Invalid($"{plainName} is empty.");
            return new TextInput.Plain(plain);
        }

        if (messages!.Length is 0 or > MaxMessages) throw Invalid($"messages must have 1 to {MaxMessages} entries.");
        foreach (MessageBody message in messages)
        {
            if (message is null) throw Invalid("messages must not hold null.");
            if (!Roles.Contains(message.Role)) throw Invalid($"A message's role must be one of {string.Join(", ", Roles)}.");
            if (string.IsNullOrWhiteSpace(message.Content)) throw Invalid("A message's content is empty.");
        }

        return new TextInput.Conversation([.. messages.Select(m => new ChatMessage(m.Role, m.Content))]);
    }

    /// <summary>The text of an input that is plain; else null.</summary>
    public static string? PlainOf(TextInput? text) => (text as TextInput.Plain)?.Text;

    /// <summary>The messages of an input that is a conversation; else null.</summary>
    public static MessageBody[]? MessagesOf(TextInput? text) =>
        text is TextInput.Conversation talk ? [.. talk.Messages.Select(m => new MessageBody(m.Role, m.Content))] : null;

    /// <summary>What a text is charged before its tokens are counted, because its inject is made later: one for four characters, about what English needs.</summary>
    public static long ForeseenTokens(TextInput text)
    {
        long characters = text switch
        {
            TextInput.Plain plain => plain.Text.Length,
            TextInput.Conversation talk => talk.Messages.Sum(m => (long)m.Content.Length),
            _ => 0,
        };
        return (characters + 3) / 4;
    }

    private static LatentDbException Invalid(string why) => new(ErrorCode.InvalidRequest, why);
}
