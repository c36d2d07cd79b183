using LatentDb.MemoryStore.Blocks;

namespace LatentDb.ModelHost.Paging;

/// <summary>A slice that a pass needs.</summary>
/// <param name="Address">The slice.</param>
/// <param name="Bytes">What it takes when resident.</param>
internal readonly record struct PlannedSlice(SliceAddress Address, long Bytes);
