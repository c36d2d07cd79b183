using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>
/// Any pattern, by .NET's regular expressions. They match UTF-16 units, so every code point beyond the first plane is replaced, for the match
/// only, by one character of its category: \p{L} and its like then see what they should.
/// </summary>
internal sealed class PatternSplitter : IPieceSplitter
{
    /// <summary>GPT-2's pattern, which ByteLevel uses when use_regex is set.</summary>
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>By general category (L, M, N, Z, C, P, S and their kinds): a character that no pattern of a tokenizer names.</summary>
    private static readonly char[] StandIns = MakeStandIns();

    private readonly Regex _regex;

    /// <exception cref="ArgumentException">Not a pattern that .NET knows.</exception>
    public PatternSplitter(string pattern)
    {
        _regex = new Regex(pattern, RegexOptions.CultureInvariant, TokenizerLimits.PatternTimeout);
    }

    public void Split(ReadOnlySpan<char> text, List<int> ends)
    {
        char[] buffer = ArrayPool<char>.Shared.Rent(Math.Max(1, text.Length));
        try
        {
            int length = WriteOneCharPerCodePoint(text, buffer);
            var position = new Position(text);
            foreach (ValueMatch match in _regex.EnumerateMatches(buffer.AsSpan(0, length)))
            {
                if (match.Length == 0) continue;
                AddEnd(ends, position.Advance(match.Index));
                AddEnd(ends, position.Advance(match.Index + match.Length));
            }

            AddEnd(ends, text.Length);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new LatentDbException(ErrorCode.CheckpointInvalid, $"The pattern of the tokenizer took longer than {TokenizerLimits.PatternTimeout} on a text of {text.Length} characters.", e);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    /// <summary>Text between matches is a piece of its own (behavior "Isolated").</summary>
    private static void AddEnd(List<int> ends, int end)
    {
        int last = ends.Count == 0 ? 0 : ends[^1];
        if (end > last) ends.Add(end);
    }

    private static int WriteOneCharPerCodePoint(ReadOnlySpan<char> text, Span<char> target)
    {
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            target[length++] = char.IsHighSurrogate(c) ? StandIns[(int)CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(c, text[++i]))] : c;
        }

        return length;
    }

    private static char[] MakeStandIns()
    {
        char[] result = new char[(int)UnicodeCategory.OtherNotAssigned + 1];
        for (int c = char.MaxValue; c >= 0x100; c--) result[(int)CharUnicodeInfo.GetUnicodeCategory((char)c)] = (char)c;
        result[(int)UnicodeCategory.Control] = '\u0080';
        return result;
    }

    /// <summary>Walks from code points to UTF-16 units, forwards only.</summary>
    private ref struct Position
    {
        private readonly ReadOnlySpan<char> _text;
        private int _codePoints;
        private int _units;

        public Position(ReadOnlySpan<char> text) => _text = text;

        public int Advance(int codePoints)
        {
            for (; _codePoints < codePoints; _codePoints++) _units += char.IsHighSurrogate(_text[_units]) ? 2 : 1;
            return _units;
        }
    }
}
