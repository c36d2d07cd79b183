namespace LatentDb.ModelHost.Tokenizers;

/// <summary>
/// The pattern of Llama 3 by hand: one pass, no allocation. At each place the first alternative that fits wins, as in the regular expression,
/// and every character fits one, so there are no gaps.
/// </summary>
internal sealed class Llama3Splitter : IPieceSplitter
{
    /// <summary>What tokenizer.json must say for this scanner to stand in.</summary>
    public const string Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Digits of one piece.</summary>
    private const int MaxDigits = 3;

    public void Split(ReadOnlySpan<char> text, List<int> ends)
    {
        for (int start = 0; start < text.Length; start = ends[^1]) ends.Add(EndOfPiece(text, start));
    }

    private static int EndOfPiece(ReadOnlySpan<char> text, int start)
    {
        int contraction = ContractionLength(text[start..]);
        if (contraction > 0) return start + contraction;

        CharacterClass first = CharacterClasses.At(text, start, out int length);
        if (first == CharacterClass.Letter) return EndOfRun(text, start, CharacterClass.Letter);
        if (first == CharacterClass.Number) return EndOfDigits(text, start);

        int second = start + length;
        CharacterClass? next = second < text.Length ? CharacterClasses.At(text, second, out _) : null;
        if (first != CharacterClass.LineEnd && next == CharacterClass.Letter) return EndOfRun(text, second, CharacterClass.Letter);
        if (first == CharacterClass.Other) return EndOfSymbols(text, start);
        if (text[start] == ' ' && next == CharacterClass.Other) return EndOfSymbols(text, second);
        return EndOfSpace(text, start);
    }

    /// <summary>(?i:'s|'t|'re|'ve|'m|'ll|'d); the long s folds to s.</summary>
    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text.Length < 2 || text[0] != '\'') return 0;
        char first = Fold(text[1]);
        if (first is 's' or 't' or 'm' or 'd') return 2;
        if (text.Length < 3) return 0;
        return (first, Fold(text[2])) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    private static char Fold(char c) => c == '\u017F' ? 's' : char.ToLowerInvariant(c);

    private static int EndOfRun(ReadOnlySpan<char> text, int start, CharacterClass wanted)
    {
        int end = start;
        while (end < text.Length && CharacterClasses.At(text, end, out int length) == wanted) end += length;
        return end;
    }

    /// <summary>\p{N}{1,3}</summary>
    private static int EndOfDigits(ReadOnlySpan<char> text, int start)
    {
        int end = start;
        for (int i = 0; i < MaxDigits && end < text.Length && CharacterClasses.At(text, end, out int length) == CharacterClass.Number; i++) end += length;
        return end;
    }

    /// <summary>[^\s\p{L}\p{N}]+[\r\n]*</summary>
    private static int EndOfSymbols(ReadOnlySpan<char> text, int start) =>
        EndOfRun(text, EndOfRun(text, start, CharacterClass.Other), CharacterClass.LineEnd);

    /// <summary>
    /// \s*[\r\n]+|\s+(?!\S)|\s+ on a run of white space: up to its last line end; else, before a word, all but the last space, which belongs to
    /// the word; else all of it. White space is never a surrogate pair.
    /// </summary>
    private static int EndOfSpace(ReadOnlySpan<char> text, int start)
    {
        int end = start;
        int afterLineEnd = -1;
        while (end < text.Length)
        {
            CharacterClass kind = CharacterClasses.At(text, end, out _);
            if (kind is not (CharacterClass.Space or CharacterClass.LineEnd)) break;
            end++;
            if (kind == CharacterClass.LineEnd) afterLineEnd = end;
        }

        if (afterLineEnd >= 0) return afterLineEnd;
        return end == text.Length || end - start == 1 ? end : end - 1;
    }
}
