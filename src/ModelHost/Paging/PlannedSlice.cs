using LatentDb.MemoryStore.Blocks;

namespace LatentDb.ModelHost.Paging;

/// <summary>A slice that a pass needs.</summary>
/// <param name="Key">The slice, or its retrieval keys alone.</param>
/// <param name="Bytes">What it takes when resident.</param>
internal readonly record struct PlannedSlice(ResidentKey Key, long Bytes);

/// <summary>Names what is resident.</summary>
/// <param name="Address">The slice.</param>
/// <param name="IsKeysOnly">Only its retrieval keys and ages: K and V of the rows that are chosen are read when they are.</param>
internal readonly record struct ResidentKey(SliceAddress Address, bool IsKeysOnly);
