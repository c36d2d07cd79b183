using System.Collections.Immutable;
using System.Text.Json;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Memories;

/// <summary>
/// How the text of an inject is kept with its version. Plain text is kept as it is. A conversation is kept turn by turn, as JSON after a mark, so
/// that a model with another chat template can lay it out anew; plain text that begins with the mark gets it twice.
/// </summary>
internal static class InjectedTextFormat
{
    /// <summary>RECORD SEPARATOR, which stands before JSON in RFC 7464 too; no sane text begins with it.</summary>
    private const char Mark = '\u001e';

    public static string Encode(TextInput text) => text switch
    {
        TextInput.Plain plain => plain.Text.StartsWith(Mark) ? Mark + plain.Text : plain.Text,
        TextInput.Conversation talk => Mark + JsonSerializer.Serialize(talk.Messages),
        _ => throw new ArgumentOutOfRangeException(nameof(text)),
    };

    /// <exception cref="LatentDbException">data_damaged.</exception>
    public static TextInput Decode(string kept)
    {
        if (!kept.StartsWith(Mark)) return new TextInput.Plain(kept);
        if (kept.Length > 1 && kept[1] == Mark) return new TextInput.Plain(kept[1..]);
        try
        {
            return new TextInput.Conversation(JsonSerializer.Deserialize<ImmutableArray<ChatMessage>>(kept.AsSpan(1)));
        }
        catch (JsonException error)
        {
            throw new LatentDbException(ErrorCode.DataDamaged, "The kept text of a version is not a conversation.", error);
        }
    }
}
