using System.Collections.Immutable;

namespace LatentDb.MemoryStore.Versions.Diff;

/// <summary>
/// A set of rows as sorted, disjoint spans of one number line: a row's place is its block's ordinal times 2^32 plus its number in the block, so
/// that set algebra is one walk over the spans of both sides.
/// </summary>
internal readonly struct RowSet
{
    private const int BlockShift = 32;

    private readonly List<Span> _spans;

    private RowSet(List<Span> spans) => _spans = spans;

    public int Count
    {
        get
        {
            long rows = 0;
            foreach (Span span in _spans) rows += span.End - span.Start;
            return checked((int)rows);
        }
    }

    /// <param name="runs">Runs of a pool.</param>
    /// <param name="ordinals">The common ordinal of each block that a run may name.</param>
    public static RowSet Of(ImmutableArray<RowRun> runs, int[] ordinals)
    {
        var spans = new List<Span>(runs.Length);
        foreach (RowRun run in runs) spans.Add(SpanOf(ordinals[run.Block], run.First, run.End));
        return Normalised(spans);
    }

    /// <param name="runs">Runs of a bank.</param>
    /// <param name="ordinals">The common ordinal of each block that a run may name.</param>
    public static RowSet Of(ImmutableArray<BankRun> runs, int[] ordinals)
    {
        var spans = new List<Span>(runs.Length);
        foreach (BankRun run in runs) spans.Add(SpanOf(ordinals[run.Block], run.First, run.End));
        return Normalised(spans);
    }

    /// <summary>The rows of this set that <paramref name="other"/> has too.</summary>
    public RowSet Intersect(RowSet other)
    {
        var both = new List<Span>();
        int theirs = 0;
        foreach (Span span in _spans)
        {
            while (theirs < other._spans.Count && other._spans[theirs].End <= span.Start) theirs++;
            for (int i = theirs; i < other._spans.Count && other._spans[i].Start < span.End; i++)
            {
                both.Add(new Span(Math.Max(span.Start, other._spans[i].Start), Math.Min(span.End, other._spans[i].End)));
            }
        }

        return new RowSet(both);
    }

    /// <summary>The rows of this set that <paramref name="other"/> lacks.</summary>
    public RowSet Except(RowSet other)
    {
        var rest = new List<Span>();
        int theirs = 0;
        foreach (Span span in _spans)
        {
            while (theirs < other._spans.Count && other._spans[theirs].End <= span.Start) theirs++;
            long start = span.Start;
            for (int i = theirs; i < other._spans.Count && other._spans[i].Start < span.End; i++)
            {
                if (other._spans[i].Start > start) rest.Add(new Span(start, other._spans[i].Start));
                start = Math.Max(start, other._spans[i].End);
            }

            if (start < span.End) rest.Add(new Span(start, span.End));
        }

        return new RowSet(rest);
    }

    /// <summary>Rows of the blocks that <paramref name="chosen"/> marks, by ordinal.</summary>
    public int CountIn(bool[] chosen)
    {
        long rows = 0;
        foreach (Span span in _spans)
        {
            if (chosen[span.Block]) rows += span.End - span.Start;
        }

        return checked((int)rows);
    }

    /// <summary>Marks the blocks that any row belongs to.</summary>
    public void MarkBlocks(bool[] marked)
    {
        foreach (Span span in _spans) marked[span.Block] = true;
    }

    private static Span SpanOf(int ordinal, int first, int end)
    {
        long origin = (long)ordinal << BlockShift;
        return new Span(origin + first, origin + end);
    }

    private static RowSet Normalised(List<Span> spans)
    {
        // A pool that was never rolled back is in order already; then this is one pass.
        if (!IsSorted(spans)) spans.Sort((a, b) => a.Start.CompareTo(b.Start));
        int kept = 0;
        for (int i = 1; i < spans.Count; i++)
        {
            // Spans of two blocks never touch: a block has less than 2^31 rows.
            if (spans[i].Start <= spans[kept].End) spans[kept] = new Span(spans[kept].Start, Math.Max(spans[kept].End, spans[i].End));
            else spans[++kept] = spans[i];
        }

        if (spans.Count > 0) spans.RemoveRange(kept + 1, spans.Count - kept - 1);
        return new RowSet(spans);
    }

    private static bool IsSorted(List<Span> spans)
    {
        for (int i = 1; i < spans.Count; i++)
        {
            if (spans[i].Start < spans[i - 1].Start) return false;
        }

        return true;
    }

    private readonly record struct Span(long Start, long End)
    {
        public int Block => (int)(Start >> BlockShift);
    }
}
