using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Jobs;

/// <summary>Operands of one call of attention: sequences, their segments, and the rows that they share.</summary>
internal readonly ref struct AttentionBatch
{
    public required ReadOnlySpan<AttentionSpan> Sequences { get; init; }

    public required ReadOnlySpan<KeySegment> Segments { get; init; }

    public required MatrixPointer Q { get; init; }

    public required MatrixPointer Output { get; init; }

    public required int KeyValueHeads { get; init; }

    public required int HeadSize { get; init; }
}
