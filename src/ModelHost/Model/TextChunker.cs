using System.Collections.Immutable;

namespace LatentDb.ModelHost.Model;

/// <summary>Cuts a text into the pieces that are written one after the other (spec 3.5).</summary>
internal static class TextChunker
{
    /// <summary>
    /// Pieces of <paramref name="max"/> tokens counted from the end, so that the first piece is the short one; a first piece under
    /// <paramref name="min"/> tokens joins its neighbour. A text of at most max tokens is one piece, whatever its length.
    /// </summary>
    public static ImmutableArray<Range> Cut(int tokens, int max, int min)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, min);
        var pieces = ImmutableArray.CreateBuilder<Range>();
        int first = tokens % max;
        int start = 0;
        if (first > 0 && first < min && tokens > max)
        {
            pieces.Add(new Range(0, first + max));
            start = first + max;
        }
        else if (first > 0)
        {
            pieces.Add(new Range(0, first));
            start = first;
        }

        for (; start < tokens; start += max) pieces.Add(new Range(start, start + max));
        return pieces.ToImmutable();
    }
}
