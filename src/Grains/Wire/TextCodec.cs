using LatentDb.MemoryStore.MessagePack;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Wire;

/// <summary>Text for the model: a string, or an array of turns.</summary>
internal static class TextCodec
{
    private const int PlainField = 1;
    private const int ConversationField = 2;

    public static void Write(ref MessagePackWriter writer, TextInput text)
    {
        writer.WriteMapHeader(1);
        if (text is TextInput.Conversation conversation) writer.Field(ConversationField, conversation.Messages, Write);
        else writer.Field(PlainField, ((TextInput.Plain)text).Text);
    }

    public static TextInput Read(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        TextInput text = fields.Optional(ref reader, PlainField, ScalarValues.ReadText) is string plain
            ? new TextInput.Plain(plain)
            : new TextInput.Conversation(fields.Array(ref reader, ConversationField, ReadMessage, WireLimits.MaxMessages));
        fields.End(ref reader);
        return text;
    }

    private static void Write(ref MessagePackWriter writer, ChatMessage message)
    {
        writer.WriteMapHeader(2);
        writer.Field(1, message.Role);
        writer.Field(2, message.Content);
    }

    private static ChatMessage ReadMessage(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        var message = new ChatMessage(fields.Required(ref reader, 1, ScalarValues.ReadText), fields.Required(ref reader, 2, ScalarValues.ReadText));
        fields.End(ref reader);
        return message;
    }
}
