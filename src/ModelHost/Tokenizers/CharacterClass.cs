using System.Globalization;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>What the patterns of tokenizers distinguish.</summary>
internal enum CharacterClass : byte
{
    /// <summary>Everything else: punctuation, symbols, marks, controls.</summary>
    Other,

    /// <summary>\p{L}.</summary>
    Letter,

    /// <summary>\p{N}.</summary>
    Number,

    /// <summary>\s but not a line end.</summary>
    Space,

    /// <summary>Carriage return or line feed.</summary>
    LineEnd,
}

/// <summary>Classifies whole code points, which .NET's own regular expressions cannot: they see the halves of a surrogate pair.</summary>
internal static class CharacterClasses
{
    private static readonly CharacterClass[] Ascii = [.. Enumerable.Range(0, 128).Select(Classify)];

    /// <summary>The class of the code point at <paramref name="index"/> of valid UTF-16, and how many chars it takes.</summary>
    public static CharacterClass At(ReadOnlySpan<char> text, int index, out int length)
    {
        char first = text[index];
        length = 1;
        if (first < 128) return Ascii[first];
        if (!char.IsHighSurrogate(first)) return Classify(first);
        length = 2;
        return Classify(char.ConvertToUtf32(first, text[index + 1]));
    }

    private static CharacterClass Classify(int codePoint)
    {
        if (codePoint is '\r' or '\n') return CharacterClass.LineEnd;
        if (codePoint <= char.MaxValue && char.IsWhiteSpace((char)codePoint)) return CharacterClass.Space;
        return CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            <= UnicodeCategory.OtherLetter => CharacterClass.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
            _ => CharacterClass.Other,
        };
    }
}
