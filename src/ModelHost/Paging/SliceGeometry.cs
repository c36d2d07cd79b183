using LatentDb.MemoryStore.Blocks;

namespace LatentDb.ModelHost.Paging;

/// <summary>How many fp32 elements one row of each part takes when resident.</summary>
/// <param name="ReadElements">K + V + retrieval key.</param>
/// <param name="HiddenElements">d.</param>
internal sealed record SliceGeometry(int ReadElements, int HiddenElements)
{
    public long ResidentBytes(SlicePart part, int rows) => (long)rows * (part == SlicePart.Read ? ReadElements : HiddenElements) * sizeof(float);
}
