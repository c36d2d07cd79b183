namespace LatentDb.ModelHost.Paging;

/// <summary>Limits of the pager.</summary>
/// <param name="ResidentBytes">Device memory for the rows of all memories; what is cheapest to bring back leaves first.</param>
/// <param name="ConcurrentLoads">Slices read from the store at the same time, by all pins together.</param>
internal sealed record PagerOptions(long ResidentBytes, int ConcurrentLoads)
{
    /// <summary>Memory of the machine for slices as they were read, between store and device; 0 = none. Only for a back end whose memory is not the machine's.</summary>
    public long HostBytes { get; init; }

    /// <summary>Pins that wait for room; one more is refused. Each waiting query already holds a place of the scheduler, so this is a second bound.</summary>
    public int MaxWaitingPins { get; init; } = 4096;
}
