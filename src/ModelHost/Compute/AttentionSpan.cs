namespace LatentDb.ModelHost.Compute;

/// <summary>
/// One sequence of a batch: its rows of q and output, and what it attends to. The last <paramref name="Rows"/> rows of its last segment are the
/// keys of the query rows themselves, in order and causal; every row sees all that stands before them.
/// </summary>
/// <param name="FirstRow">Its first row of q and output.</param>
/// <param name="Rows">Its rows of q and output.</param>
/// <param name="FirstSegment">Its first segment of the call's list.</param>
/// <param name="Segments">Its segments, in order of position.</param>
internal readonly record struct AttentionSpan(int FirstRow, int Rows, int FirstSegment, int Segments);
