using System.Collections.Immutable;
using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Tokenizers;

namespace LatentDb.ModelHost.Hosting;

/// <summary>Text of an inject as token ids and chunks, with the rules for text that is too short or too long.</summary>
internal sealed class InjectText(ModelConfig config, Tokenizer tokenizer, ChatTemplate template, ModelHostOptions options)
{
    /// <summary>The ids to write, and how many of them the short-text rule added.</summary>
    /// <exception cref="LatentDbException">text_too_short, text_too_long, invalid_request.</exception>
    public InjectTokens Prepare(TextInput text)
    {
        int[] ids = template.LayOutInject(text);
        if (ids.Length == 0) throw new LatentDbException(ErrorCode.TextTooShort, "The text has no tokens; send at least one word.");
        if (ids.Length > options.MaxInjectTokens)
        {
            throw new LatentDbException(ErrorCode.TextTooLong, $"The text has {ids.Length} tokens; at most {options.MaxInjectTokens} can be injected at once. Send it in parts.");
        }

        int[] padded = ids.Length < ModelConfig.MinChunkTokens ? Lengthen(text, ids) : ids;
        return new InjectTokens(padded, ids.Length, TextChunker.Cut(padded.Length, config.MaxChunkTokens, ModelConfig.MinChunkTokens));
    }

    /// <summary>
    /// A chunk under the minimum disturbs a memory (spec 3.5), so a short text is said again, after a blank, until it is long enough. What it
    /// says is unchanged; the shipped model was trained with this rule.
    /// </summary>
    private int[] Lengthen(TextInput text, int[] ids)
    {
        if (options.ShortText == "refuse")
        {
            throw new LatentDbException(ErrorCode.TextTooShort, $"The text has {ids.Length} tokens; this model needs {ModelConfig.MinChunkTokens}. Send more text at once.");
        }

        if (text is not TextInput.Plain plain) return [.. Enumerable.Range(0, ((ModelConfig.MinChunkTokens - 1) / ids.Length) + 1).SelectMany(_ => ids)];
        string repeated = plain.Text;
        int[] longer = ids;
        while (longer.Length < ModelConfig.MinChunkTokens)
        {
            repeated = $"{repeated} {plain.Text}";
            longer = tokenizer.Encode(repeated);
        }

        return longer;
    }
}

/// <summary>What is written.</summary>
/// <param name="Ids">All ids, padding included.</param>
/// <param name="TextTokens">Tokens of the text itself.</param>
/// <param name="Chunks">Pieces of <paramref name="Ids"/>, in order.</param>
internal sealed record InjectTokens(int[] Ids, int TextTokens, ImmutableArray<Range> Chunks);
