using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Tiles;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Vectors;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>The kernels on vectors; the two type arguments of a width and its tile make an instruction set.</summary>
internal sealed unsafe class VectorKernels<TTile, TSimd, TVector> : KernelSet
    where TTile : struct, ITile<TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public override int SliverRows => TTile.SliverRows;

    public override int SliverGranule => TTile.SliverGranule;

    public override void MultiplyRows(in GemmCall call, int firstPanel, int endPanel) => Gemv.Run<TSimd, TVector>(call, firstPanel, endPanel);

    public override void MultiplyPacked(in GemmCall call, in GemmBlock block) => Gemm.MultiplyPacked<TTile, TSimd, TVector>(call, block);

    public override void RmsNorm(MatrixPointer x, float* gain, float epsilon, MatrixPointer y) =>
        Kernels.RmsNorm.Run<TSimd, TVector>(x, gain, epsilon, y);

    public override void Rope(MatrixPointer x, int headSize, float* table) => Kernels.Rope.Run<TSimd, TVector>(x, headSize, table);

    public override void Attention(in AttentionCall call, AttentionPart part, byte* scratch) =>
        Kernels.Attention.Run<TTile, TSimd, TVector>(call, part, scratch);

    public override void MergeAttention(in AttentionCall call, AttentionPart part) => Kernels.Attention.Merge<TSimd, TVector>(call, part);

    public override void SiluMultiply(MatrixPointer gate, MatrixPointer up) => GatedMlp.SiluMultiply<TSimd, TVector>(gate, up);

    public override void Silu(MatrixPointer x) => GatedMlp.Silu<TSimd, TVector>(x);

    public override void Add(MatrixPointer x, MatrixPointer y) => Sums.Add<TSimd, TVector>(x, y);

    public override void AddRow(float* row, MatrixPointer y) => Sums.AddRow<TSimd, TVector>(row, y);

    public override long RetrievalScratch(int columns) => RetrievalScore.ScratchElements<TTile, TVector>(columns);

    public override void RetrievalScores(MatrixPointer q, MatrixPointer keys, float* scores, float* scratch) =>
        RetrievalScore.Run<TTile, TSimd, TVector>(q, keys, scores, scratch);

    public override void WidenBFloat16(ushort* source, float* target, nint count) => Convert.WidenBFloat16<TSimd, TVector>(source, target, count);

    public override void WidenHalf(ushort* source, float* target, nint count) => Convert.WidenHalfVector(source, target, count);

    public override void NarrowBFloat16(float* source, ushort* target, nint count) => Convert.NarrowBFloat16Vector(source, target, count);

    public override void NarrowHalf(float* source, ushort* target, nint count) => Convert.NarrowHalfVector(source, target, count);
}
