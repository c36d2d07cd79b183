namespace LatentDb.ModelHost.Paging;

/// <summary>The device tier at a moment.</summary>
/// <param name="BookedBytes">Of slices that are resident or on their way, and of scratch.</param>
/// <param name="HeldBytes">Of those, what is in use and cannot leave.</param>
/// <param name="Pins">Slices in use, counted once for each use; tests assert zero.</param>
/// <param name="Slices">Slices that are resident or on their way.</param>
/// <param name="Waiting">Requests that wait for room.</param>
/// <param name="Waits">Requests that had to wait, since the start.</param>
/// <param name="Hits">Slices that were there, or on their way, when a pass wanted them, since the start.</param>
/// <param name="Loads">Slices that had to be brought in.</param>
/// <param name="LoadedBytes">Their bytes.</param>
/// <param name="Evictions">Slices that left to make room for others, since the start.</param>
/// <param name="EvictedBytes">Their bytes.</param>
/// <param name="PrefetchesUsed">Prefetched slices that somebody wanted, since the start.</param>
/// <param name="PrefetchesLost">Prefetched slices that left, or could not be read, before anybody did.</param>
internal readonly record struct ResidentCounts(
    long BookedBytes, long HeldBytes, long Pins, int Slices, int Waiting, long Waits, long Hits, long Loads, long LoadedBytes, long Evictions, long EvictedBytes, long PrefetchesUsed, long PrefetchesLost);
