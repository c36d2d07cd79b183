namespace LatentDb.MemoryStore.Versions;

/// <summary>Consecutive rows of one block in the memory pool of one layer.</summary>
/// <param name="Block">Index into <see cref="Manifest.Blocks"/>.</param>
/// <param name="First">First row of the block.</param>
/// <param name="Count">Number of rows, at least 1.</param>
public readonly record struct RowRun(int Block, int First, int Count)
{
    public int End => First + Count;
}

/// <summary>Consecutive rows [First, First + Count).</summary>
public readonly record struct RowRange(int First, int Count)
{
    public int End => First + Count;
}
