using System.Collections.Immutable;

namespace LatentDb.ModelHost.Paging;

/// <summary>What was granted: every slice is pinned, and there is room for those that are still to be loaded.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Entries">In the order of the plan's slices.</param>
/// <param name="Missing">Those among them that were not there.</param>
/// <param name="ToLoad">What the receiver has loaded, in this order: the missing ones, and those whose prefetch has not begun.</param>
internal sealed record Reservation(ReservationRequest Request, ResidentEntry[] Entries, List<ResidentEntry> Missing, List<ResidentEntry> ToLoad)
{
    public long MissingBytes { get; } = Missing.Sum(e => e.Bytes);
}

/// <summary>What a pass asks for: all of it or nothing.</summary>
/// <param name="Slices">The slices.</param>
/// <param name="ScratchBytes">Further device memory that it uses while it holds them.</param>
/// <param name="Flow">Who is charged.</param>
internal sealed record ReservationRequest(ImmutableArray<PlannedSlice> Slices, long ScratchBytes, string Flow)
{
    public long Bytes { get; } = Slices.Sum(s => s.Bytes) + ScratchBytes;
}
