using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Paging;

/// <summary>What one row of each part takes when it is resident. Rows lie in the type in which they are stored: half the bytes of fp32 where that is BF16.</summary>
/// <param name="KvWidth">Elements of K, and of V.</param>
/// <param name="KeySize">Elements of a retrieval key; 0 for a model without a bank.</param>
/// <param name="HiddenWidth">d.</param>
/// <param name="RowType">F32 or BF16.</param>
internal sealed record SliceGeometry(int KvWidth, int KeySize, int HiddenWidth, ElementType RowType)
{
    public long ResidentBytes(SlicePart part, int rows) => (long)rows * (part == SlicePart.Read ? (2 * KvWidth) + KeySize : HiddenWidth) * RowType.Bytes();

    /// <summary>Retrieval keys alone.</summary>
    public long KeyBytes(int rows) => (long)rows * KeySize * RowType.Bytes();
}
