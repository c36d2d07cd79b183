using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>How a conversation becomes the ids of a prompt or of an inject. Content is plain text everywhere; only a template adds special ids.</summary>
internal abstract class ChatTemplate
{
    private static readonly ImmutableArray<string> Roles = ["system", "user", "assistant", "tool"];

    protected ChatTemplate(Tokenizer tokenizer, ImmutableArray<int> stopIds)
    {
        Tokenizer = tokenizer;
        StopIds = stopIds;
    }

    /// <summary>A token of these ends an answer and is not part of it.</summary>
    public ImmutableArray<int> StopIds { get; }

    protected Tokenizer Tokenizer { get; }

    /// <summary>Llama 3's layout when the tokenizer has its tokens, else plain lines.</summary>
    /// <param name="tokenizer">Of the same checkpoint.</param>
    /// <param name="eosIds">eos_token_id of config.json; when it names none, &lt;|end_of_text|&gt; ends an answer.</param>
    public static ChatTemplate For(Tokenizer tokenizer, ImmutableArray<int> eosIds)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (eosIds.IsDefaultOrEmpty) eosIds = tokenizer.FindSpecial("<|end_of_text|>") is { } endOfText ? [endOfText] : [];
        ChatTemplate? llama = Llama3ChatTemplate.TryCreate(tokenizer, eosIds);
        return llama ?? new PlainChatTemplate(tokenizer, eosIds);
    }

    /// <summary>The ids of a prompt that the model is to answer.</summary>
    /// <exception cref="LatentDbException">invalid_request: no message, an unknown role, or text that is not valid UTF-16.</exception>
    public int[] LayOutPrompt(TextInput input) => LayOut(input, LayOutPrompt);

    /// <summary>The ids of text that is to be remembered.</summary>
    /// <exception cref="LatentDbException">As for a prompt.</exception>
    public int[] LayOutInject(TextInput input) => LayOut(input, LayOutInject);

    protected abstract void LayOutPrompt(ImmutableArray<ChatMessage> messages, List<int> ids);

    protected abstract void LayOutInject(ImmutableArray<ChatMessage> messages, List<int> ids);

    private int[] LayOut(TextInput input, Action<ImmutableArray<ChatMessage>, List<int>> layOut)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input is TextInput.Plain plain) return Tokenizer.Encode(plain.Text);
        ImmutableArray<ChatMessage> messages = ((TextInput.Conversation)input).Messages;
        if (messages.IsDefaultOrEmpty) throw new LatentDbException(ErrorCode.InvalidRequest, "A conversation needs at least one message.");
        int unknown = messages.ToList().FindIndex(m => !Roles.Contains(m.Role, StringComparer.Ordinal));
        if (unknown >= 0) throw new LatentDbException(ErrorCode.InvalidRequest, $"Message {unknown} has an unknown role; {string.Join(", ", Roles)} are known.");
        List<int> ids = [];
        layOut(messages, ids);
        return [.. ids];
    }
}
