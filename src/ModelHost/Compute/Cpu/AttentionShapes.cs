namespace LatentDb.ModelHost.Compute.Cpu;

/// <summary>Checks of a batch of attention, with both numbers in the message.</summary>
internal static class AttentionShapes
{
    /// <summary>Returns how many positions have to be rotated: 0 when all keys carry their rotation.</summary>
    public static int Check(MatrixView q, ReadOnlySpan<AttentionSpan> sequences, ReadOnlySpan<KeySegment> segments, int headSize)
    {
        if (segments.IsEmpty) throw new ArgumentException("Attention needs a segment of keys.", nameof(segments));
        int width = segments[0].Keys.Columns;
        ArgumentShapes.Multiple(width, headSize, "The columns of the keys", nameof(segments));
        ArgumentShapes.Multiple(q.Columns, width, "The columns of q", nameof(q));
        int positions = 0;
        foreach (ref readonly KeySegment segment in segments)
        {
            ArgumentShapes.Equal(segment.Keys.Columns, width, "The columns of the keys", nameof(segments));
            ArgumentShapes.SameShape(segment.Values, segment.Keys, nameof(segments));
            if (segment.Values.Type != segment.Keys.Type) throw new ArgumentException($"Keys are {segment.Keys.Type}, their values {segment.Values.Type}.", nameof(segments));
            ArgumentOutOfRangeException.ThrowIfNegative(segment.FirstPosition, nameof(segments));
            if (!segment.IsRotated) positions = Math.Max(positions, checked(segment.FirstPosition + segment.Rows));
        }

        foreach (AttentionSpan sequence in sequences) CheckSpan(q, sequence, segments);
        return positions;
    }

    private static void CheckSpan(MatrixView q, AttentionSpan sequence, ReadOnlySpan<KeySegment> segments)
    {
        if (sequence.Rows < 0 || sequence.FirstRow < 0 || sequence.FirstRow > q.Rows - sequence.Rows)
            throw new ArgumentException($"Rows {sequence.FirstRow} to {sequence.FirstRow + sequence.Rows} are not among the {q.Rows} of q.", nameof(sequence));
        if (sequence.Segments < 1 || sequence.FirstSegment < 0 || sequence.FirstSegment > segments.Length - sequence.Segments)
            throw new ArgumentException($"Segments {sequence.FirstSegment} to {sequence.FirstSegment + sequence.Segments} are not among the {segments.Length}.", nameof(sequence));
        int own = segments[sequence.FirstSegment + sequence.Segments - 1].Rows;
        if (own < sequence.Rows) throw new ArgumentException($"{sequence.Rows} query rows need as many rows in their last segment; there are {own}.", nameof(sequence));
    }
}
