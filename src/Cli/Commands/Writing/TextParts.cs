namespace LatentDb.Cli.Commands.Writing;

/// <summary>Splits long text where it hurts least: between paragraphs, else lines, else sentences, else words.</summary>
internal static class TextParts
{
    private static readonly string[] Seams = ["\n\n", "\n", ". ", " "];

    /// <summary>Parts of at most so many characters, without blanks at their ends; nothing of empty text.</summary>
    public static IEnumerable<string> Split(string text, int limit)
    {
        int start = 0;
        while (start < text.Length)
        {
            int length = text.Length - start <= limit ? text.Length - start : Cut(text.AsSpan(start, limit));
            string part = text.Substring(start, length).Trim();
            if (part.Length > 0) yield return part;
            start += length;
        }
    }

    /// <summary>The end of the last seam in the second half, so that no part is tiny; else all of it, but never through a surrogate pair.</summary>
    private static int Cut(ReadOnlySpan<char> window)
    {
        foreach (string seam in Seams)
        {
            int at = window.LastIndexOf(seam, StringComparison.Ordinal);
            if (at >= window.Length / 2) return at + seam.Length;
        }

        return char.IsHighSurrogate(window[^1]) ? window.Length - 1 : window.Length;
    }
}
