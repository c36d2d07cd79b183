namespace LatentDb.ModelHost.Paging;

/// <summary>Limits of the pager.</summary>
/// <param name="ResidentBytes">Device memory for decoded slices of all memories; least recently used ones leave first.</param>
/// <param name="ConcurrentLoads">Slices read from the store at the same time by one pin.</param>
internal sealed record PagerOptions(long ResidentBytes, int ConcurrentLoads);
