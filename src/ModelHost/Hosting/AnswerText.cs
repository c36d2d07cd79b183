using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Generation;
using LatentDb.ModelHost.Tokenizers;

namespace LatentDb.ModelHost.Hosting;

/// <summary>Token ids of an answer to text that may be shown: whole characters, nothing of a stop string.</summary>
internal sealed class AnswerText(Tokenizer tokenizer, GenerationOptions options)
{
    private readonly StreamDecoder _decoder = new(tokenizer);
    private readonly StopMatcher _stops = new(options.Stop);

    public bool IsStopped => _stops.IsStopped;

    /// <summary>What this token makes certain; may be empty.</summary>
    public string Append(int id) => _stops.Append(_decoder.Append(id));

    /// <summary>What is left at the end.</summary>
    public string Flush() => _stops.IsStopped ? string.Empty : _stops.Append(_decoder.Flush()) + _stops.Flush();
}
