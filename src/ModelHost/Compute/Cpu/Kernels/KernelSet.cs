using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>
/// The loops of one instruction set, each over one range of a call. Arguments were checked by the back end. Every output element is computed by
/// one call in one fixed order, so results do not depend on how a call was cut into ranges.
/// </summary>
internal abstract unsafe class KernelSet
{
    /// <summary>Rows of x that <see cref="MultiplyPacked"/> takes at a time; 0 when this set has only <see cref="MultiplyRows"/>.</summary>
    public abstract int SliverRows { get; }

    /// <summary>A shorter last sliver is padded to a multiple of this.</summary>
    public abstract int SliverGranule { get; }

    /// <summary>y (+)= x Wᵀ for few rows of x and panels [firstPanel, endPanel).</summary>
    public abstract void MultiplyRows(in GemmCall call, int firstPanel, int endPanel);

    /// <summary>y (+)= x Wᵀ for slivers of packed x and panels of W.</summary>
    public abstract void MultiplyPacked(in GemmCall call, in GemmBlock block);

    public abstract void RmsNorm(MatrixPointer x, float* gain, float epsilon, MatrixPointer y);

    /// <summary>table row r: the cosines, then the sines, of row r's position; headSize numbers in all.</summary>
    public abstract void Rope(MatrixPointer x, int headSize, float* table);

    /// <summary>One split of the keys for some lanes.</summary>
    public abstract void Attention(in AttentionCall call, AttentionPart part, byte* scratch);

    /// <summary>The part's lanes of the output, once all splits are done. Called where <see cref="AttentionCall.NeedsMerge"/>.</summary>
    public abstract void MergeAttention(in AttentionCall call, AttentionPart part);

    public abstract void SiluMultiply(MatrixPointer gate, MatrixPointer up);

    public abstract void Silu(MatrixPointer x);

    public abstract void Add(MatrixPointer x, MatrixPointer y);

    public abstract void AddRow(float* row, MatrixPointer y);

    /// <summary>Elements of working memory that <see cref="RetrievalScores"/> needs.</summary>
    public abstract long RetrievalScratch(int columns);

    public abstract void RetrievalScores(MatrixPointer q, MatrixPointer keys, float* scores, float* scratch);

    public abstract void WidenBFloat16(ushort* source, float* target, nint count);

    public abstract void WidenHalf(ushort* source, float* target, nint count);

    public abstract void NarrowBFloat16(float* source, ushort* target, nint count);

    public abstract void NarrowHalf(float* source, ushort* target, nint count);
}
