using System.Collections.Immutable;
using System.Text;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>
/// For models without chat tokens, such as the shipped one: lines "Question: ... Answer:" with the answer behind, as the published evaluation
/// words them. Other roles are lines of their own.
/// </summary>
internal sealed class PlainChatTemplate : ChatTemplate
{
    public PlainChatTemplate(Tokenizer tokenizer, ImmutableArray<int> eosIds)
        : base(tokenizer, eosIds)
    {
    }

    protected override void LayOutPrompt(ImmutableArray<ChatMessage> messages, List<int> ids)
    {
        var text = new StringBuilder();
        foreach (ChatMessage message in messages)
        {
            // An answer stands behind its question; everything else begins a line.
            if (message.Role == "assistant") text.Append(' ').Append(message.Content).Append('\n');
            else if (message.Role == "user") BeginLine(text).Append("Question: ").Append(message.Content).Append(" Answer:");
            else BeginLine(text).Append(message.Content).Append('\n');
        }

        Tokenizer.Encode(text.ToString(), ids);
    }

    protected override void LayOutInject(ImmutableArray<ChatMessage> messages, List<int> ids) =>
        Tokenizer.Encode(string.Join('\n', messages.Select(m => m.Content)), ids);

    private static StringBuilder BeginLine(StringBuilder text) => text.Length == 0 || text[^1] == '\n' ? text : text.Append('\n');
}
