using System.Collections.Immutable;

namespace LatentDb.MemoryStore.Blocks;

/// <summary>One layer's share of a block: the unit that is stored, paged and fetched.</summary>
/// <param name="Address">Block, layer and part.</param>
/// <param name="Kind">What the rows are.</param>
/// <param name="Tensors">Columns of equal row count, at most one of each kind.</param>
public sealed record BlockSlice(SliceAddress Address, BlockKind Kind, ImmutableArray<SliceTensor> Tensors)
{
    /// <summary>The column of that kind, or null when the slice has none.</summary>
    public SliceTensor? Find(SliceColumn column)
    {
        foreach (SliceTensor tensor in Tensors)
        {
            if (tensor.Column == column) return tensor;
        }

        return null;
    }

    /// <summary>Sum of the tensors' bytes.</summary>
    public long TensorBytes => Tensors.Sum(t => (long)t.Bytes.Length);
}
