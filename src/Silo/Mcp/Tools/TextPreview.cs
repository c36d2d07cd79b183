using LatentDb.ModelHost.Contracts;

namespace LatentDb.Silo.Mcp.Tools;

/// <summary>The first words of what was injected: enough to recognise it, not so much that a listing fills a model's context.</summary>
internal static class TextPreview
{
    private const int MaxCharacters = 200;

    public static string? Of(TextInput? input) => input switch
    {
        TextInput.Plain plain => Cut(plain.Text),
        TextInput.Conversation talk => Cut(string.Join('\n', talk.Messages.Select(m => $"{m.Role}: {m.Content}"))),
        _ => null,
    };

    private static string Cut(string text)
    {
        if (text.Length <= MaxCharacters) return text;
        int end = char.IsHighSurrogate(text[MaxCharacters - 1]) ? MaxCharacters - 1 : MaxCharacters;
        return $"{text[..end]}...";
    }
}
