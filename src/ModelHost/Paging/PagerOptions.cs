namespace LatentDb.ModelHost.Paging;

/// <summary>Limits of the pager.</summary>
/// <param name="ResidentBytes">Device memory for the rows of all memories; what is cheapest to bring back leaves first.</param>
/// <param name="ConcurrentLoads">Slices read from the store at the same time, by all pins together.</param>
internal sealed record PagerOptions(long ResidentBytes, int ConcurrentLoads)
{
    /// <summary>Pins that wait for room; one more is refused. Each waiting query already holds a place of the scheduler, so this is a second bound.</summary>
    public int MaxWaitingPins { get; init; } = 4096;
}
