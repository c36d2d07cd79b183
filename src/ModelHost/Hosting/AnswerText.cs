using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Generation;
using LatentDb.ModelHost.Tokenizers;

namespace LatentDb.ModelHost.Hosting;

/// <summary>Token ids of an answer to text that may be shown: whole characters, nothing of a stop string.</summary>
/// <param name="tokenizer">Of the model.</param>
/// <param name="options">Stop strings.</param>
/// <param name="isTurn">The answer is a turn of a conversation: blanks before it belong to the layout and are not part of it.</param>
internal sealed class AnswerText(Tokenizer tokenizer, GenerationOptions options, bool isTurn)
{
    private readonly StreamDecoder _decoder = new(tokenizer);
    private readonly StopMatcher _stops = new(options.Stop);
    private bool _trims = isTurn;

    public bool IsStopped => _stops.IsStopped;

    /// <summary>What this token makes certain; may be empty.</summary>
    public string Append(int id) => _stops.Append(TrimStart(_decoder.Append(id)));

    /// <summary>What is left at the end.</summary>
    public string Flush() => _stops.IsStopped ? string.Empty : _stops.Append(TrimStart(_decoder.Flush())) + _stops.Flush();

    private string TrimStart(string text)
    {
        if (!_trims) return text;
        string trimmed = text.TrimStart();
        _trims = trimmed.Length == 0;
        return trimmed;
    }
}
