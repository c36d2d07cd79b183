namespace LatentDb.MemoryStore.Versions;

/// <summary>Consecutive rows [First, First + Count).</summary>
public readonly record struct RowRange(int First, int Count)
{
    public int End => First + Count;
}
