using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>The reference: every kernel as plain C#.</summary>
internal sealed unsafe class ScalarKernels : KernelSet
{
    public override int SliverRows => 0;

    public override int SliverGranule => 1;

    public override void MultiplyRows(in GemmCall call, int firstPanel, int endPanel) => Gemm.MultiplyScalar(call, firstPanel, endPanel);

    public override void MultiplyPacked(in GemmCall call, in GemmBlock block) => throw new NotSupportedException("The scalar kernels do not pack rows.");

    public override void RmsNorm(MatrixPointer x, float* gain, float epsilon, MatrixPointer y) => Kernels.RmsNorm.RunScalar(x, gain, epsilon, y);

    public override void Rope(MatrixPointer x, int headSize, float* table) => Kernels.Rope.RunScalar(x, headSize, table);

    public override void Attention(in AttentionCall call, AttentionPart part, byte* scratch) => Kernels.Attention.RunScalar(call, part);

    public override void MergeAttention(in AttentionCall call, AttentionPart part) => Kernels.Attention.MergeScalar(call, part);

    public override void SiluMultiply(MatrixPointer gate, MatrixPointer up) => GatedMlp.SiluMultiplyScalar(gate, up);

    public override void Silu(MatrixPointer x) => GatedMlp.SiluScalar(x);

    public override void Add(MatrixPointer x, MatrixPointer y) => Sums.AddScalar(x, y);

    public override void AddRow(float* row, MatrixPointer y) => Sums.AddRowScalar(row, y);

    public override long RetrievalScratch(int columns) => 0;

    public override void RetrievalScores(MatrixPointer q, MatrixPointer keys, float* scores, float* scratch) => RetrievalScore.RunScalar(q, keys, scores);

    public override void WidenBFloat16(ushort* source, float* target, nint count) => Convert.WidenBFloat16Scalar(source, target, count);

    public override void WidenHalf(ushort* source, float* target, nint count) => Convert.WidenHalfScalar(source, target, count);

    public override void NarrowBFloat16(float* source, ushort* target, nint count) => Convert.NarrowBFloat16Scalar(source, target, count);

    public override void NarrowHalf(float* source, ushort* target, nint count) => Convert.NarrowHalfScalar(source, target, count);
}
