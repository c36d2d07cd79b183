using System.Collections.Immutable;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>
/// The layout of Llama 3: for each message a header with its role, an empty line, the trimmed content and &lt;|eot_id|&gt;. The BOS token that
/// the published template starts with is left out: the learned bos row takes its place.
/// </summary>
internal sealed class Llama3ChatTemplate : ChatTemplate
{
    private const string StartHeader = "<|start_header_id|>";
    private const string EndHeader = "<|end_header_id|>";
    private const string EndOfTurn = "<|eot_id|>";

    private readonly int _startHeader;
    private readonly int _endHeader;
    private readonly int _endOfTurn;

    private Llama3ChatTemplate(Tokenizer tokenizer, ImmutableArray<int> eosIds, int startHeader, int endHeader, int endOfTurn)
        : base(tokenizer, [.. eosIds.Append(endOfTurn).Distinct()])
    {
        _startHeader = startHeader;
        _endHeader = endHeader;
        _endOfTurn = endOfTurn;
    }

    /// <summary>null when the tokenizer lacks one of the three tokens.</summary>
    public static Llama3ChatTemplate? TryCreate(Tokenizer tokenizer, ImmutableArray<int> eosIds)
    {
        bool hasAll = tokenizer.FindSpecial(StartHeader) is not null && tokenizer.FindSpecial(EndHeader) is not null && tokenizer.FindSpecial(EndOfTurn) is not null;
        if (!hasAll) return null;
        return new Llama3ChatTemplate(tokenizer, eosIds, tokenizer.FindSpecial(StartHeader)!.Value, tokenizer.FindSpecial(EndHeader)!.Value, tokenizer.FindSpecial(EndOfTurn)!.Value);
    }

    protected override void LayOutPrompt(ImmutableArray<ChatMessage> messages, List<int> ids)
    {
        LayOutInject(messages, ids);
        AddHeader("assistant", ids);
        Tokenizer.Encode("\n\n", ids);
    }

    protected override void LayOutInject(ImmutableArray<ChatMessage> messages, List<int> ids)
    {
        foreach (ChatMessage message in messages)
        {
            AddHeader(message.Role, ids);
            Tokenizer.Encode("\n\n" + message.Content.Trim(), ids);
            ids.Add(_endOfTurn);
        }
    }

    private void AddHeader(string role, List<int> ids)
    {
        ids.Add(_startHeader);
        Tokenizer.Encode(role, ids);
        ids.Add(_endHeader);
    }
}
