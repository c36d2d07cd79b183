using System.Text;

namespace LatentDb.VsPyTorch.Memories;

/// <summary>The language of a random checkpoint: every word of four letters is one token, the first after 256 bytes.</summary>
internal static class Words
{
    private const int FirstWord = 256;
    private const int SpecialTokens = 3;
    private const int Letters = 26;
    private const int WordLength = 4;

    /// <summary>Characters of a token: a blank and a word.</summary>
    public const int TokenLength = WordLength + 1;

    /// <summary>That many random tokens.</summary>
    public static int[] Draw(Random random, int count, int vocabulary) =>
        [.. Enumerable.Range(0, count).Select(_ => random.Next(FirstWord, vocabulary - SpecialTokens))];

    public static string ToText(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder(ids.Length * TokenLength);
        foreach (int id in ids)
        {
            text.Append(' ');
            int rest = id - FirstWord;
            for (int power = Letters * Letters * Letters; power > 0; power /= Letters) text.Append((char)('a' + (rest / power % Letters)));
        }

        return text.ToString();
    }

    public static int[] ToIds(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => FirstWord + word.Aggregate(0, (sum, letter) => (sum * Letters) + letter - 'a'))];
}
