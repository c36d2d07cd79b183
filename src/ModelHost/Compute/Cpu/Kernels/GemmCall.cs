using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

namespace LatentDb.ModelHost.Compute.Cpu.Kernels;

/// <summary>y = x Wᵀ or y += scale x Wᵀ, as the kernels see it. W lies in panels (<see cref="Gemm"/>).</summary>
internal readonly unsafe struct GemmCall
{
    public required MatrixPointer X { get; init; }

    public required void* Panels { get; init; }

    public required ElementType Storage { get; init; }

    public required MatrixPointer Y { get; init; }

    public required bool Accumulate { get; init; }

    public required float Scale { get; init; }

    public int Inputs => X.Columns;

    public int Outputs => Y.Columns;

    public float* PanelF32(int panel) => (float*)Panels + ((nint)panel * Inputs * Gemm.PanelWidth);

    public ushort* PanelBF16(int panel) => (ushort*)Panels + ((nint)panel * Inputs * Gemm.PanelWidth);
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

    /// <summary>Room for one decoded panel block.</summary>
    public required float* Decoded { get; init; }
}
