using System.Collections.Immutable;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Remote.Codecs;

/// <summary>Text for the model: nil, a string, or an array of roles and contents.</summary>
internal static class TextCodec
{
    public static void Write(ref MessagePackWriter writer, TextInput? text)
    {
        switch (text)
        {
            case null:
                writer.WriteNil();
                break;
            case TextInput.Plain plain:
                writer.WriteArrayHeader(1);
                writer.WriteString(plain.Text);
                break;
            case TextInput.Conversation conversation:
                writer.WriteArrayHeader(2);
                writer.WriteNil();
                writer.WriteArrayHeader(2 * conversation.Messages.Length);
                foreach (ChatMessage message in conversation.Messages)
                {
                    writer.WriteString(message.Role);
                    writer.WriteString(message.Content);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(text));
        }
    }

    public static TextInput? Read(ref MessagePackReader reader)
    {
        if (reader.TryReadNil()) return null;
        int parts = reader.ReadArrayHeader();
        if (parts == 1) return new TextInput.Plain(reader.ReadRequiredString());
        ScalarCodec.Expect(parts, 2, "text");
        if (!reader.TryReadNil()) throw new MessagePackFormatException("A conversation begins with its text.");
        int words = reader.ReadArrayHeader();
        if (words % 2 != 0) throw new MessagePackFormatException($"{words} words do not make roles and contents.");
        var messages = ImmutableArray.CreateBuilder<ChatMessage>(words / 2);
        for (int i = 0; i < messages.Capacity; i++) messages.Add(new ChatMessage(reader.ReadRequiredString(), reader.ReadRequiredString()));
        return new TextInput.Conversation(messages.MoveToImmutable());
    }
}
