using System.Collections.Immutable;

namespace LatentDb.ModelHost.Contracts;

/// <summary>Text for the model: plain, or a conversation that the host lays out with the checkpoint's chat template.</summary>
public abstract record TextInput
{
    private TextInput()
    {
    }

    /// <summary>Taken as it is.</summary>
    public sealed record Plain(string Text) : TextInput;

    /// <summary>Laid out by the chat template; at least one message.</summary>
    public sealed record Conversation(ImmutableArray<ChatMessage> Messages) : TextInput;
}
