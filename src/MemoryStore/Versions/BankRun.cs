namespace LatentDb.MemoryStore.Versions;

/// <summary>Consecutive rows of one block in the long-term bank of one layer that entered it together.</summary>
/// <param name="Block">Index into <see cref="Manifest.Blocks"/>.</param>
/// <param name="First">First row of the block.</param>
/// <param name="Count">Number of rows, at least 1.</param>
/// <param name="EnteredAt">The write (see <see cref="Manifest.Writes"/>) that dropped the rows from the pool; 0 = in the checkpoint's own bank.</param>
/// <param name="LifeBase">
/// Remaining life plus the decays applied to the layer so far, so that decaying every row is one addition to <see cref="LayerRows.Decays"/>;
/// NaN while the rows are staged and not yet merged.
/// </param>
public readonly record struct BankRun(int Block, int First, int Count, long EnteredAt, float LifeBase)
{
    public int End => First + Count;

    /// <summary>Dropped since the last merge: a candidate for retrieval, not yet subject to eviction.</summary>
    public bool IsStaged => float.IsNaN(LifeBase);
}
