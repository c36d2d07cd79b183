using System.Collections.Immutable;
using System.Text;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.ModelHost.Generation;

/// <summary>
/// Ends an answer at a stop string, wherever token borders fall. Text is held back while it may still become one, so no part of a stop string is
/// ever handed out. Matching is ordinal. One answer, one thread.
/// </summary>
/// <remarks>
/// The answer ends at the first character that completes a stop string; of several that it completes, the longest counts. That is a rule about
/// the text alone, so how it was cut into pieces makes no difference.
/// </remarks>
internal sealed class StopMatcher
{
    private readonly ImmutableArray<string> _stops;
    private readonly StringBuilder _held = new();

    /// <exception cref="LatentDbException">invalid_request: an empty stop string.</exception>
    public StopMatcher(ImmutableArray<string> stops)
    {
        _stops = stops.IsDefault ? [] : [.. stops.OrderByDescending(s => s.Length)];
        if (_stops.Any(string.IsNullOrEmpty)) throw new LatentDbException(ErrorCode.InvalidRequest, "A stop string must not be empty.");
    }

    /// <summary>A stop string has come; nothing more will be handed out.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Takes the next piece of text and gives back what can no longer become part of a stop string; perhaps nothing.</summary>
    public string Append(string piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        if (IsStopped || piece.Length == 0) return string.Empty;
        if (_stops.IsEmpty) return piece;
        int known = _held.Length;
        string text = _held.Append(piece).ToString();
        int cut = FindStop(text, known);
        if (cut >= 0)
        {
            IsStopped = true;
            _held.Clear();
            return text[..cut];
        }

        int held = HeldLength(text);
        _held.Clear().Append(text.AsSpan(text.Length - held));
        return text[..^held];
    }

    /// <summary>The end of the answer: what was held back, since it did not become a stop string.</summary>
    public string Flush()
    {
        string text = _held.ToString();
        _held.Clear();
        return text;
    }

    /// <summary>Where the stop string begins that is completed first; -1 if none is. No stop string ends within the first <paramref name="known"/> chars.</summary>
    private int FindStop(string text, int known)
    {
        for (int end = known + 1; end <= text.Length; end++)
        {
            foreach (string stop in _stops)
            {
                if (text.AsSpan(0, end).EndsWith(stop, StringComparison.Ordinal)) return end - stop.Length;
            }
        }

        return -1;
    }

    /// <summary>Length of the longest end of the text that a stop string begins with.</summary>
    private int HeldLength(string text)
    {
        for (int length = Math.Min(text.Length, _stops[0].Length - 1); length > 0; length--)
        {
            foreach (string stop in _stops)
            {
                if (stop.Length > length && stop.AsSpan(0, length).SequenceEqual(text.AsSpan(text.Length - length))) return length;
            }
        }

        return 0;
    }
}
