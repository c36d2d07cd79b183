using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>y = x Wᵀ or y += scale x Wᵀ, as the kernels see it. W lies in panels (<see cref="Gemm"/>).</summary>
internal readonly unsafe struct GemmCall
{
    public required MatrixPointer X { get; init; }

    public required byte* Panels { get; init; }

    public required ElementType Storage { get; init; }

    /// <summary>I8: a factor for each output, padded to whole panels; else null.</summary>
    public required float* Scales { get; init; }

    public required MatrixPointer Y { get; init; }

    public required bool Accumulate { get; init; }

    public required float Scale { get; init; }

    public int Inputs => X.Columns;

    public int Outputs => Y.Columns;

    /// <summary>The 32 weights of a panel's input.</summary>
    public byte* WeightsAt(int panel, int input) => Panels + ((((nint)panel * Inputs) + input) * Gemm.PanelWidth * Storage.Bytes());

    public float* ScalesOf(int panel) => Scales == null ? null : Scales + (panel * Gemm.PanelWidth);
}

/// <summary>Slivers [FirstSliver, EndSliver) of packed rows against panels [FirstPanel, EndPanel).</summary>
internal readonly unsafe struct GemmBlock
{
    /// <summary>Packed rows, all depth blocks.</summary>
    public required float* PackedRows { get; init; }

    /// <summary>Row of y that the first packed row belongs to, and how many rows were packed.</summary>
    public required int FirstRow { get; init; }

    public required int Rows { get; init; }

    public required int FirstSliver { get; init; }

    public required int EndSliver { get; init; }

    public required int FirstPanel { get; init; }

    public required int EndPanel { get; init; }
}
