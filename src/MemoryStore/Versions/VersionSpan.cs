using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Versions;

/// <summary>Versions of one memory that follow one another.</summary>
/// <param name="First">Number of the first.</param>
/// <param name="Last">Number of the last.</param>
public readonly record struct VersionSpan(long First, long Last)
{
    /// <inheritdoc/>
    public override string ToString() => First == Last ? $"{First}" : $"{First} to {Last}";
}

/// <summary>Makes spans of version numbers, and words of spans.</summary>
internal static class VersionSpans
{
    /// <param name="ascending">Each number once.</param>
    public static ImmutableArray<VersionSpan> From(IEnumerable<VersionNumber> ascending)
    {
        var spans = ImmutableArray.CreateBuilder<VersionSpan>();
        foreach (VersionNumber number in ascending) spans.Append(number);
        return spans.ToImmutable();
    }

    /// <summary>Spans in ascending order that have no number in common and no neighbours.</summary>
    public static ImmutableArray<VersionSpan> Union(IEnumerable<VersionSpan> spans)
    {
        var union = new List<VersionSpan>();
        foreach (VersionSpan span in spans.OrderBy(s => s.First))
        {
            if (union.Count > 0 && span.First <= union[^1].Last + 1) union[^1] = union[^1] with { Last = Math.Max(union[^1].Last, span.Last) };
            else union.Add(span);
        }

        return [.. union];
    }

    /// <summary>Takes the next higher number in.</summary>
    public static void Append(this ImmutableArray<VersionSpan>.Builder spans, VersionNumber number)
    {
        if (spans.Count > 0 && spans[^1].Last + 1 == number.Value) spans[^1] = spans[^1] with { Last = number.Value };
        else spans.Add(new VersionSpan(number.Value, number.Value));
    }

    /// <summary>"version 3", "versions 3 to 7 and 9"; "no version" when there is none.</summary>
    public static string Words(this ImmutableArray<VersionSpan> spans)
    {
        if (spans.IsEmpty) return "no version";
        string noun = spans.Length == 1 && spans[0].First == spans[0].Last ? "version" : "versions";
        if (spans.Length == 1) return $"{noun} {spans[0]}";
        return $"{noun} {string.Join(", ", spans[..^1])} and {spans[^1]}";
    }
}
